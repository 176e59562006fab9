// IDs of credentials that were taken away lately, each with the moment: what was read before it does not count.
#pragma once

#include "core/base/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cm::core {

/// Remembers each ID for one to two of its owner's periods, in two tables of which the older goes at each turn.
/// Moments are counts; only their lower halves are kept, so that two which are compared must not be 2^31 apart.
/// Not thread-safe.
class forgotten_ids {
public:
  /// IDs within one period at most.
  static constexpr std::size_t capacity = 16'384;

  /// What was read before `moment` is covered from now on. Returns false, and remembers nothing, at capacity.
  [[nodiscard]] bool add(const uuid& id, std::uint64_t moment);

  /// Whether that ID was added at a later moment than `read_at`.
  [[nodiscard]] bool covers(const uuid& id, std::uint64_t read_at) const noexcept {
    return (young_.used != 0 && covers(young_, id, read_at)) || (old_.used != 0 && covers(old_, id, read_at));
  }

  /// To be called once a period.
  void turn();

  void clear();

  [[nodiscard]] bool empty() const noexcept { return young_.used + old_.used == 0; }

  [[nodiscard]] std::size_t bytes() const noexcept { return (young_.slots.size() + old_.slots.size()) * sizeof(slot); }

private:
  struct slot {
    uuid id;
    std::uint32_t moment = 0; ///< 0: empty
  };

  /// Open addressing, linear probing; nothing is taken out of it.
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
