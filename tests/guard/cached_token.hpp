// Measures the memory of a cached token.
#pragma once

#include <cstddef>

namespace cm::guard {

struct cached_token_bytes {
  std::size_t tokens = 0;
  double by_account = 0; ///< bytes per token by token_cache::bytes()
  double by_heap = 0;    ///< bytes per token by the C library's allocator
};

/// Fills a cache with that number of tokens of usual size, each with an endpoint ID of 36 characters.
[[nodiscard]] cached_token_bytes measure_cached_token(std::size_t tokens);

} // namespace cm::guard
