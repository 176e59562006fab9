// Opens a connection to one of the configured hosts.
#pragma once

#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "storage/sql/connection.hpp"

#include <cstddef>
#include <memory>

namespace cm::storage {

/// Tries each configured host once, starting at index `host`, until one accepts the connection and is writable. Blocks.
/// @param host on success set to the index of the connected host, on failure to the index to start with next time
/// @param deadline no attempt begins after it, and the connect time-out is cut to it. The client library counts in
///        whole seconds, so the last attempt may end up to 1 s late.
/// @return on failure: unavailable, with the reason of each host in the detail
[[nodiscard]] outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                                  connection_timeouts timeouts, std::size_t& host,
                                                                  core::steady_time deadline);

} // namespace cm::storage
