// The command line of cm (contract 3.4).
#pragma once

#include "actors/app/service.hpp"

namespace cm::actors {

/// Carries out what the command line asks for; without a command that is `serve`. Writes to standard output and error.
/// @return the exit status of the process
[[nodiscard]] int run_command_line(int argc, const char* const* argv, const service_hooks& hooks = {});

} // namespace cm::actors
