// What the command table looks like to people: help, manual page, completion.
#pragma once

#include "client/arguments.hpp"

#include <string>

namespace cm::client {

/// What --help prints, at most 100 characters a line.
[[nodiscard]] std::string render_help(const invocation& of);

/// docs/man/cm.1.
[[nodiscard]] std::string render_manual();

/// The text for bash to read: completes commands, options and their fixed values, and leaves the rest to file names.
[[nodiscard]] std::string render_bash_completion();

} // namespace cm::client
