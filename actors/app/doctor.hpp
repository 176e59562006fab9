// `cm doctor`: checks what CM needs, and repairs what it may. So far the consistency of the database is checked.
#pragma once

#include "core/base/exit_status.hpp"
#include "core/configuration/settings.hpp"

namespace cm::actors {

struct doctor_options {
  bool repair = false; ///< writes what is missing; else nothing is written
  bool json = false;   ///< a JSON object on each line, for programs
};

/// `cm doctor --consistency`: a line on standard output for each finding and one for the whole; on a terminal, standard
/// error shows how far it is. Connects as `cm migrate` does, and changes no schema. Blocking; in bounded memory.
/// @return stopped (0): consistent, or everything was repaired; failed (1): something is left; gave_up (69): the
/// database
///         cannot be reached, or the connection broke; configuration (78): a database that this program does not know
[[nodiscard]] core::exit_status check_consistency(const core::settings& settings, const doctor_options& options);

} // namespace cm::actors
