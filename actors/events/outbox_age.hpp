// The age of the oldest event in the outbox, robust against a wrong clock of the replica that wrote it.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cm::actors {

/// Not thread-safe; time is a parameter.
class outbox_age {
public:
  /// Records what a read of the outbox found.
  /// @param sequence of the oldest event; 0 if the outbox is empty
  /// @param age of its revocation by the database's clock; wrong if the writer's clock was wrong
  void take(std::uint64_t sequence, std::chrono::milliseconds age, core::steady_time now) noexcept {
    if (sequence != sequence_)
      first_seen_ = now;
    sequence_ = sequence;
    age_ = age;
    seen_ = now;
  }

  /// The age at `now`; 0 if the outbox is empty. At least the time since this event was first seen, because the age by
  /// its own timestamp is too low if that lies in the future.
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
