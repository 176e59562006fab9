// The commands that ask a running service, and those that only print.
#pragma once

#include "client/arguments.hpp"
#include "core/configuration/configuration.hpp"

namespace cm::client {

/// Whether run() can carry the command out; the others are the service's own.
[[nodiscard]] bool is_client_command(command_id id) noexcept;

/// Carries out a command of a running service's operator, or prints. Writes to standard output and error. Waits as long
/// as its options say. The process ignores SIGPIPE afterwards.
/// @return the exit status of the process: 0, 1, 64 or 69 (core/base/exit_status.hpp)
[[nodiscard]] int run(const invocation& what, const core::configuration::environment& variables);

} // namespace cm::client
