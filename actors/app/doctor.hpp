// `cm doctor`: checks what CM needs, and repairs what it can. So far it checks the consistency of the database only.
#pragma once

#include "core/base/exit_status.hpp"
#include "core/configuration/settings.hpp"

namespace cm::actors {

struct doctor_options {
  bool repair = false; ///< repair findings; otherwise the database is only read
  bool json = false;   ///< output as JSON lines, for programs
};

/// `cm doctor --consistency`: prints a line for each finding and a summary to standard output, and shows progress on
/// standard error if that is a terminal. Connects like `cm migrate`, but does not change the schema. Blocking; uses
/// bounded memory.
/// @return stopped (0): consistent, or everything was repaired; failed (1): findings are left; gave_up (69): the
///         database cannot be reached, or the connection broke; configuration (78): the schema does not fit this
///         program
[[nodiscard]] core::exit_status check_consistency(const core::settings& settings, const doctor_options& options);

} // namespace cm::actors
