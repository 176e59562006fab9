// Which revocations this replica has heard of over NATS lately. A plain class without a clock.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/revocation.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_set>

namespace cm::actors {

/// Remembers each credential of an event, with the event's time, in two generations: for one to two turns, bounded in
/// number. What is forgotten too early makes an event be published once more, which listeners have to expect anyway.
/// Not thread-safe.
class heard_events {
public:
  /// Credentials of one generation. Two of them take some 2 MB where they are full.
  static constexpr std::size_t max_generation = 32'768;

  void add(const core::uuid& credential, core::timestamp at);

  /// Whether every credential of the revocation was heard of. A large one may come in several events.
  [[nodiscard]] bool heard(const core::revocation& what) const;

  /// To be called once a period: what was heard before the last turn is forgotten.
  void turn();

private:
  [[nodiscard]] static std::uint64_t key_of(const core::uuid& credential, core::timestamp at) noexcept;

  std::unordered_set<std::uint64_t> young_;
  std::unordered_set<std::uint64_t> old_;
};

} // namespace cm::actors
