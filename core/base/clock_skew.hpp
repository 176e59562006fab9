// How far this machine's clock is from the database's, and when that is a warning.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace cm::core {

/// A difference between clocks above which CM warns.
inline constexpr std::chrono::milliseconds max_clock_skew{5000};

/// A warning ends below this difference and not at max_clock_skew, so that a clock near the limit does not flood the
/// log.
inline constexpr std::chrono::milliseconds accepted_clock_skew{4000};

/// One comparison of the clocks.
struct clock_skew {
  std::chrono::milliseconds offset{}; ///< positive: this machine's clock is ahead of the database's
  std::chrono::milliseconds error{};  ///< the true difference is within offset ± error; never negative

  friend bool operator==(const clock_skew&, const clock_skew&) = default;
};

/// Compares the database's clock, as one exchange has read it, with this machine's. The database has read its clock at
/// an unknown moment of the exchange; the middle is assumed, which is wrong by half of the round trip at most.
/// @param sent this machine's clock when the exchange began
/// @param round_trip how long the exchange took, by the steady clock
/// @param database the database's clock
[[nodiscard]] constexpr clock_skew compare_clocks(timestamp sent, std::chrono::milliseconds round_trip,
                                                  timestamp database) noexcept {
  const auto half = std::max(round_trip, std::chrono::milliseconds{0}) / 2;
  return {sent + half - database, half};
}

/// Keeps the last comparison, and judges whether the clocks differ by more than is accepted. A plain class for one
/// thread.
class clock_skew_watch {
public:
  /// @return true when the verdict has changed
  bool take(const clock_skew& now) noexcept {
    last_ = now;
    // What the slowness of the exchange may explain is no warning.
    const auto proven = std::max(std::chrono::abs(now.offset) - now.error, std::chrono::milliseconds{0});
    const bool excessive = excessive_ ? proven >= accepted_clock_skew : proven > max_clock_skew;
    return std::exchange(excessive_, excessive) != excessive;
  }

  [[nodiscard]] bool excessive() const noexcept { return excessive_; }

  /// Nothing before the first comparison.
  [[nodiscard]] const std::optional<clock_skew>& last() const noexcept { return last_; }

private:
  std::optional<clock_skew> last_;
  bool excessive_ = false;
};

} // namespace cm::core
