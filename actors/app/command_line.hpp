// The command line of cm (contract 3.4).
#pragma once

#include "actors/app/service.hpp"

namespace cm::actors {

/// Executes the command of the command line; `serve` if there is none. Writes to standard output and standard error.
/// @param hooks for tests
/// @return the exit status of the process
[[nodiscard]] int run_command_line(int argc, const char* const* argv, const service_hooks& hooks = {});

} // namespace cm::actors
