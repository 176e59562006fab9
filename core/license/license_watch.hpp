// What becomes of a license while CM runs: validity, grace, warnings, and when to look at the file again
// (contract section 8).
#pragma once

#include "core/base/bounded_file.hpp"
#include "core/license/license.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

enum class license_state : std::uint8_t {
  valid,
  grace,   ///< after notAfter, within the grace period
  invalid, ///< after the grace period, or the file turned bad
};

/// "valid", "grace", "invalid".
[[nodiscard]] std::string_view to_string(license_state state) noexcept;

/// What a check of the file has changed.
enum class license_change : std::uint8_t {
  none,       ///< all as before
  taken_over, ///< another good license is in force now
  turned_bad, ///< the file was good before and is not any more, or is bad for another reason than before
  recovered,  ///< the license in force is readable and right again
};

/// Plain class, one owner; time is a parameter everywhere. The owner calls check_due() every few seconds and, when it
/// says so, check_license(), and hands the result to checked().
class license_watch {
public:
  /// @param good what the check at the start gave, at `now`.
  /// @param stamp of the file, taken before that check.
  license_watch(license good, std::optional<file_stamp> stamp, const license_settings& settings, timestamp now);

  /// Whether to check the file now: check_interval has passed since the last check (a minute at most while the file
  /// is bad), or the file is another than the one checked.
  [[nodiscard]] bool check_due(const std::optional<file_stamp>& current, timestamp now) const;

  /// Takes the result of a check made at `now`. A good license is taken over at once. `expired` for the very file in
  /// force is no news: state() knows its notAfter and the grace period. Any other failure means that the file turned
  /// bad, which ends the right to write even if the license in force has not expired.
  /// @param stamp of the file, taken before the check.
  license_change checked(const license_result& result, std::optional<file_stamp> stamp, timestamp now);

  [[nodiscard]] license_state state(timestamp now) const;

  /// False after notAfter and grace period, and while the file is bad. Validation never asks.
  [[nodiscard]] bool writes_allowed(timestamp now) const { return state(now) != license_state::invalid; }

  /// One line for the health answer and for the log.
  [[nodiscard]] std::string health_text(timestamp now) const;

  /// The text of a warning if one is due, which counts as given then: daily from 30 days before notAfter, hourly after
  /// it and while the file is bad; at once when either of these begins.
  [[nodiscard]] std::optional<std::string> take_warning(timestamp now);

  /// From `now` to notAfter; negative after it.
  [[nodiscard]] std::chrono::seconds time_left(timestamp now) const;

  /// The last good license.
  [[nodiscard]] const license& current() const noexcept { return license_; }

private:
  enum class phase : std::uint8_t { quiet, daily, hourly };

  [[nodiscard]] phase warning_phase(timestamp now) const;
  [[nodiscard]] timestamp grace_end() const;

  license license_;
  std::chrono::milliseconds check_interval_;
  std::chrono::milliseconds grace_period_;
  std::optional<file_stamp> stamp_;
  timestamp last_check_;
  std::optional<license_error> fault_; ///< set while the file is bad
  phase last_phase_ = phase::quiet;
  timestamp last_warning_{};
};

} // namespace cm::core
