// Opens a connection to one of the configured hosts.
#pragma once

#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "storage/sql/connection.hpp"
#include "storage/sql/host_choice.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace cm::storage {

/// Prepares a connection that was opened to the host with this index. A failure of kind broken or read_only, or one
/// that is host_specific(), rules out this host only; any other one is final.
using prepare_connection = std::function<outcome<void>(connection& db, std::size_t host)>;

/// Tries each configured host once, in the order of `hosts`, until one accepts the connection, is writable and can be
/// prepared. Records in `hosts` which ones failed. Blocks.
/// @param host on success set to the index of the connected host
/// @param deadline no attempt begins after it, and the connect time-out is cut to it
/// @return on failure: unavailable, with the reason of each host in the detail; or the final failure of `prepare`
[[nodiscard]] outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                                  connection_timeouts timeouts, host_choice& hosts,
                                                                  std::size_t& host, core::steady_time deadline,
                                                                  const prepare_connection& prepare = {});

/// The same for a caller that has no session: starts with the first host.
[[nodiscard]] outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                                  connection_timeouts timeouts);

} // namespace cm::storage
