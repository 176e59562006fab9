// Renders the command table as help, manual page and shell completion.
#pragma once

#include "client/arguments.hpp"

#include <string>

namespace cm::client {

/// The output of --help.
[[nodiscard]] std::string render_help(const invocation& of);

/// The text of docs/man/cm.1.
[[nodiscard]] std::string render_manual();

/// The bash completion script. It completes commands, options and their fixed values, and file names for the rest.
[[nodiscard]] std::string render_bash_completion();

} // namespace cm::client
