#include "cached_token.hpp"

#include "core/memory/token_cache.hpp"
#include "samples.hpp"

#include <malloc.h>
#include <memory>
#include <string>

namespace cm::guard {

cached_token_bytes measure_cached_token(std::size_t tokens) {
  constexpr core::steady_time now{std::chrono::hours{1}};
  constexpr std::size_t plenty = 1'000;
  const auto taken = [] {
    const auto heap = mallinfo2();
    return heap.uordblks + heap.hblkhd; // allocated in arenas and by mmap
  };
  const core::token_keyer keyer;
  const auto before = taken();
  const auto cache =
    std::make_unique<core::token_cache>(core::token_cache_settings{tokens * plenty, std::chrono::hours{1}});
  cache->expire(now);
  core::uuid id = core::parse_uuid(sample_token_id).value();
  for (std::size_t i = 0; i < tokens; ++i) {
    const auto text = std::to_string(i);
    id.bytes[i % id.bytes.size()] = static_cast<std::uint8_t>(i);
    cache->insert(keyer(sample_application, text), core::application_tag{}, id, sample_endpoint, now,
                  cache->generation());
  }
  require(cache->size() == tokens, "the cache does not keep what it was given");
  const auto each = [&](std::size_t bytes) { return static_cast<double>(bytes) / static_cast<double>(tokens); };
  return {tokens, each(cache->bytes()), each(taken() - before)};
}

} // namespace cm::guard
