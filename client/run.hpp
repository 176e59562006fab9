// Runs the commands that call a running service, and those that only print.
#pragma once

#include "client/arguments.hpp"
#include "core/configuration/configuration.hpp"

namespace cm::client {

/// Whether run() implements the command. The service implements the others.
[[nodiscard]] bool is_client_command(command_id id) noexcept;

/// Runs a client command. Writes to standard output and standard error. Blocks until the response arrives or the
/// timeout of its options expires. The process must ignore SIGPIPE (core::install_signal_handlers()).
/// @return the exit status of the process: 0, 1, 64 or 69 (core/base/exit_status.hpp)
[[nodiscard]] int run(const invocation& what, const core::configuration::environment& variables);

} // namespace cm::client
