// Tracks the license while CM runs: validity, grace period, warnings, and when to check the file again (contract
// section 8).
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
  invalid, ///< after the grace period, or the file has become invalid
};

/// "valid", "grace", "invalid".
[[nodiscard]] std::string_view to_string(license_state state) noexcept;

/// The effect of a check of the file.
enum class license_change : std::uint8_t {
  none,        ///< no change
  taken_over,  ///< another valid license is in force now
  invalidated, ///< the file has become invalid, or is invalid for a different reason than before
  recovered,   ///< the file contains the license in force and is valid again
};

/// The owner calls check_due() every few seconds. If it returns true, the owner calls check_license() and passes the
/// result to checked(). Not thread-safe; time is a parameter everywhere.
class license_watch {
public:
  /// @param good the license from the check at start, which was made at `now`
  /// @param stamp of the file, taken before that check
  license_watch(license good, std::optional<file_stamp> stamp, const license_settings& settings, timestamp now);

  /// Whether to check the file now: check_interval has passed since the last check (at most a minute while the file is
  /// invalid), or the stamp of the file has changed.
  /// @param current the present stamp of the file
  [[nodiscard]] bool check_due(const std::optional<file_stamp>& current, timestamp now) const;

  /// Processes the result of a check that was made at `now`. A valid license takes effect immediately. `expired` for
  /// the file in force changes nothing, because state() already considers notAfter and the grace period. After any
  /// other failure the file counts as invalid and REST writes are refused, even if the license in force has not
  /// expired.
  /// @param stamp of the file, taken before the check
  license_change checked(const license_result& result, std::optional<file_stamp> stamp, timestamp now);

  [[nodiscard]] license_state state(timestamp now) const;

  /// False after the grace period and while the file is invalid. Validation of credentials does not depend on it.
  [[nodiscard]] bool writes_allowed(timestamp now) const { return state(now) != license_state::invalid; }

  /// One line for the health response and the log.
  [[nodiscard]] std::string health_text(timestamp now) const;

  /// Returns a warning if one is due, and records that it was given. Warnings are due daily from 30 days before
  /// notAfter, hourly after it and while the file is invalid, and immediately when either period begins.
  [[nodiscard]] std::optional<std::string> take_warning(timestamp now);

  /// From `now` to notAfter; negative after it.
  [[nodiscard]] std::chrono::seconds time_left(timestamp now) const;

  /// The last valid license.
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
  std::optional<license_error> fault_; ///< set while the file is invalid
  phase last_phase_ = phase::quiet;
  timestamp last_warning_{};
};

} // namespace cm::core
