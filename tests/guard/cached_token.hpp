// What a cached token costs in memory.
#pragma once

#include <cstddef>

namespace cm::guard {

struct cached_token_bytes {
  std::size_t tokens = 0;
  double by_account = 0; ///< a token, by what the cache says of itself
  double by_heap = 0;    ///< a token, by what the C library gave for all of it
};

/// Fills a cache with so many tokens of the usual sizes: an endpoint ID of 36 characters each.
[[nodiscard]] cached_token_bytes measure_cached_token(std::size_t tokens);

} // namespace cm::guard
