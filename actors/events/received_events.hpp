// The revocation events that this replica has recently received over NATS.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/revocation.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_set>

namespace cm::actors {

/// Stores a hash of each credential ID with the time of its event, in two generations. start_generation() drops the
/// older one, so an entry stays for one to two periods. A full generation is replaced early. An entry that is dropped
/// too early only makes CM publish an event once more, which listeners have to expect anyway. Not thread-safe; has no
/// clock.
class received_events {
public:
  /// Maximum credentials of one generation. Two full generations take about 2 MB.
  static constexpr std::size_t max_generation = 32'768;

  /// Records that the event of a revocation, with this time, named the credential.
  void add(const core::uuid& credential, core::timestamp at);

  /// Whether events have named every credential of the revocation. A large revocation may arrive in several events.
  [[nodiscard]] bool contains(const core::revocation& revoked) const;

  /// Starts a new generation, and drops the one before the current. To be called once per period.
  void start_generation();

private:
  [[nodiscard]] static std::uint64_t key_of(const core::uuid& credential, core::timestamp at) noexcept;

  std::unordered_set<std::uint64_t> young_;
  std::unordered_set<std::uint64_t> old_;
};

} // namespace cm::actors
