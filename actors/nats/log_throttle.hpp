// Limits how often a repeated problem is logged.
#pragma once

#include <bit>
#include <cstdint>

namespace cm::actors {

/// Counts occurrences of a problem. Selects the first, second, fourth, eighth and so on to be logged, so that a
/// frequent problem does not flood the log. Not thread-safe.
class log_throttle {
public:
  /// Counts an occurrence. @return whether to log it
  [[nodiscard]] bool should_log() noexcept { return std::has_single_bit(++count_); }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
  std::uint64_t count_ = 0;
};

} // namespace cm::actors
