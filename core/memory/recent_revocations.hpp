// Tokens that were revoked recently, each with the time of the revocation as a count.
#pragma once

#include "core/base/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cm::core {

/// Remembers each ID for one to two periods, in two generations of which the older is dropped by rotate(). Tells
/// whether what was read from the database is older than a revocation and therefore must not be used. Moments are
/// counts; only their lower halves are kept, so that two that are compared must be less than 2^31 apart. Not
/// thread-safe.
class recent_revocations {
public:
  /// Maximum of IDs within one period.
  static constexpr std::size_t capacity = 16'384;

  /// Invalidates what was read before `moment`.
  /// @return false at capacity: nothing was remembered
  [[nodiscard]] bool add(const uuid& id, std::uint64_t moment);

  /// Whether that ID was added at a later moment than `read_at`.
  [[nodiscard]] bool covers(const uuid& id, std::uint64_t read_at) const noexcept {
    return (young_.used != 0 && covers(young_, id, read_at)) || (old_.used != 0 && covers(old_, id, read_at));
  }

  /// Drops the older generation. To be called once a period.
  void rotate();

  void clear();

  [[nodiscard]] bool empty() const noexcept { return young_.used + old_.used == 0; }

  [[nodiscard]] std::size_t bytes() const noexcept { return (young_.slots.size() + old_.slots.size()) * sizeof(slot); }

private:
  struct slot {
    uuid id;
    std::uint32_t moment = 0; ///< 0: empty
  };

  /// Open addressing with linear probing; entries are never removed.
  struct table {
    std::vector<slot> slots;
    std::size_t used = 0;
  };

  [[nodiscard]] static std::size_t find(const std::vector<slot>& slots, const uuid& id) noexcept;
  [[nodiscard]] static bool covers(const table& in, const uuid& id, std::uint64_t read_at) noexcept;

  table young_;
  table old_;
};

} // namespace cm::core
