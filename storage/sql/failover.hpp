// Which of the configured hosts a connection goes to.
#pragma once

#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "storage/sql/connection.hpp"

#include <cstddef>
#include <memory>

namespace cm::storage {

/// Tries each configured host once, beginning with the one of index `host`, until one takes the connection and can be
/// written. Then `host` is that one's index; after a failure, that of the one to begin with next time.
/// @param deadline no attempt begins after it or waits longer for the connection; the client library counts whole
///        seconds, so that the last attempt may end up to 1 s late
/// @return unavailable with what each host said
[[nodiscard]] outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                                  connection_timeouts timeouts, std::size_t& host,
                                                                  core::steady_time deadline);

} // namespace cm::storage
