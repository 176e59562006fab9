// `cm token import` and `cm token export`: stream any number of lines in constant memory.
#pragma once

#include "client/arguments.hpp"
#include "client/service_requests.hpp"

namespace cm::client {

/// Both write to standard output and standard error, and return the exit status of the process.
[[nodiscard]] int import_tokens(const invocation& of, const connection_settings& with);
[[nodiscard]] int export_tokens(const invocation& of, const connection_settings& with);

/// Prints the error on standard error. Returns the exit status: 64 for errc::invalid, 69 for errc::unavailable, else 1.
[[nodiscard]] int report(const core::error& what);

} // namespace cm::client
