// For how long the oldest event of the outbox has waited, whatever the clock of the replica that wrote it said.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cm::actors {

/// A plain class for one thread: time is a parameter.
class outbox_age {
public:
  /// What a look into the outbox has found.
  /// @param sequence of the oldest event; 0 where there is none
  /// @param age of its revocation by the database's clock; wrong where the writer's clock was
  void take(std::uint64_t sequence, std::chrono::milliseconds age, core::steady_time now) noexcept {
    if (sequence != sequence_)
      first_seen_ = now;
    sequence_ = sequence;
    age_ = age;
    seen_ = now;
  }

  /// At least the time since this event was seen first, so that one with a time of the future is not overlooked; 0
  /// where there is none.
  [[nodiscard]] std::chrono::milliseconds at(core::steady_time now) const noexcept {
    if (sequence_ == 0)
      return {};
    const auto since = std::max<core::steady_time::duration>(age_ + (now - seen_), now - first_seen_);
    return std::chrono::duration_cast<std::chrono::milliseconds>(since);
  }

  [[nodiscard]] bool empty() const noexcept { return sequence_ == 0; }

private:
  std::uint64_t sequence_ = 0;
  std::chrono::milliseconds age_{};
  core::steady_time seen_{};
  core::steady_time first_seen_{};
};

} // namespace cm::actors
