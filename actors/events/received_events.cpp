#include "actors/events/received_events.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cm::actors {

std::uint64_t received_events::key_of(const core::uuid& credential, core::timestamp at) noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, credential.bytes.data(), sizeof high);
  std::memcpy(&low, credential.bytes.data() + sizeof high, sizeof low);
  // Hashes ID and time to 64 bits. IDs have 74 random bits; the odd factors mix the three parts.
  constexpr std::uint64_t spread_low = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t spread_time = 0xC2B2AE3D27D4EB4FU;
  return high ^ (low * spread_low) ^ (static_cast<std::uint64_t>(core::to_unix_ms(at)) * spread_time);
}

void received_events::add(const core::uuid& credential, core::timestamp at) {
  if (young_.size() >= max_generation)
    start_generation();
  young_.insert(key_of(credential, at));
}

bool received_events::contains(const core::revocation& revoked) const {
  return std::all_of(revoked.ids.begin(), revoked.ids.end(), [&](const core::uuid& id) {
    const auto key = key_of(id, revoked.at);
    return young_.count(key) != 0 || old_.count(key) != 0;
  });
}

void received_events::start_generation() {
  old_ = std::exchange(young_, {});
}

} // namespace cm::actors
