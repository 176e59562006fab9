// The exit statuses of the process (contract 3.3), after sysexits.h.
#pragma once

namespace cm::core {

enum class exit_status : int {
  stopped = 0,          ///< stopped on request
  failed = 1,           ///< an operator's command to a running service was refused or failed
  usage = 64,           ///< wrong command line
  gave_up = 69,         ///< restart intensity exceeded; for an operator's command: the service cannot be reached
  license_refused = 77, ///< license refused
  configuration = 78,   ///< invalid configuration, or a database schema that this release does not know
};

/// The status as the process ends with it.
[[nodiscard]] constexpr int to_int(exit_status status) noexcept {
  return static_cast<int>(status);
}

} // namespace cm::core
