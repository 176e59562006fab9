// `cm token import` and `cm token export`: any number of lines in little memory.
#pragma once

#include "client/arguments.hpp"
#include "client/http_client.hpp"

namespace cm::client {

/// Both write to standard output and error, and return the exit status of the process.
[[nodiscard]] int import_tokens(const invocation& of, const connection_settings& with);
[[nodiscard]] int export_tokens(const invocation& of, const connection_settings& with);

/// Says on standard error what is wrong: errc::invalid is 64, errc::unavailable 69, all else 1.
[[nodiscard]] int report(const core::error& what);

} // namespace cm::client
