// The difference between this machine's clock and the database's, and when CM warns about it.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace cm::core {

/// CM warns when the difference between the clocks exceeds this.
inline constexpr std::chrono::milliseconds max_clock_skew{5000};

/// Hysteresis: a warning ends below this difference and not at max_clock_skew, so that a clock near the limit does not
/// flood the log.
inline constexpr std::chrono::milliseconds accepted_clock_skew{4000};

/// One comparison of the clocks.
struct clock_skew {
  std::chrono::milliseconds offset{}; ///< positive: this machine's clock is ahead of the database's
  std::chrono::milliseconds error{};  ///< the true difference is within offset ± error; never negative

  friend bool operator==(const clock_skew&, const clock_skew&) = default;
};

/// Compares the database's clock, read in one round trip, with this machine's. The database read its clock at an
/// unknown moment of the round trip; the middle is assumed, so the error is at most half of the round trip.
/// @param sent this machine's clock when the round trip began
/// @param round_trip duration of the round trip by the steady clock
/// @param database the time that the database returned
[[nodiscard]] constexpr clock_skew compare_clocks(timestamp sent, std::chrono::milliseconds round_trip,
                                                  timestamp database) noexcept {
  const auto half = std::max(round_trip, std::chrono::milliseconds{0}) / 2;
  return {sent + half - database, half};
}

/// Keeps the last comparison and decides whether the clocks differ by too much. Not thread-safe.
class clock_skew_watch {
public:
  /// @return true if excessive() has changed
  bool take(const clock_skew& now) noexcept {
    last_ = now;
    // Only the part of the difference that a slow round trip cannot explain counts.
    const auto proven = std::max(std::chrono::abs(now.offset) - now.error, std::chrono::milliseconds{0});
    const bool excessive = excessive_ ? proven >= accepted_clock_skew : proven > max_clock_skew;
    return std::exchange(excessive_, excessive) != excessive;
  }

  [[nodiscard]] bool excessive() const noexcept { return excessive_; }

  /// Empty before the first comparison.
  [[nodiscard]] const std::optional<clock_skew>& last() const noexcept { return last_; }

private:
  std::optional<clock_skew> last_;
  bool excessive_ = false;
};

} // namespace cm::core
