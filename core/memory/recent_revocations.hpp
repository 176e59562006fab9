// The IDs of recently revoked tokens, each with the logical time of its revocation.
#pragma once

#include "core/base/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cm::core {

/// Tells whether a row was read from the database before its token was revoked and therefore must not be used. Keeps
/// each ID for one to two periods: there are two generations, and rotate() drops the older one. A moment is a value of
/// a counter; only its lower 32 bits are kept, so two moments that are compared must be less than 2^31 apart. Not
/// thread-safe.
class recent_revocations {
public:
  /// Maximum number of IDs within one period.
  static constexpr std::size_t capacity = 16'384;

  /// Invalidates rows of that token that were read before `moment`.
  /// @return false at capacity: the ID was not added
  [[nodiscard]] bool add(const uuid& id, std::uint64_t moment);

  /// Whether that ID was added with a later moment than `read_at`.
  [[nodiscard]] bool covers(const uuid& id, std::uint64_t read_at) const noexcept {
    return (young_.used != 0 && covers(young_, id, read_at)) || (old_.used != 0 && covers(old_, id, read_at));
  }

  /// Drops the older generation. Call it once per period.
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
