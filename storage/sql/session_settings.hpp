// The session variables that change what a statement of CM means, and the values that CM's sessions have.
#pragma once

#include "storage/sql/connection.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace cm::storage {

/// One session variable. The server, an `init_connect` or a global default may have set it to anything.
struct session_setting {
  std::string_view name;
  std::string_view value;    ///< SQL literal that it is set to
  std::string_view expected; ///< what the server answers when it is read
};

/// Those with a fixed value. The waits for locks and statements, the transaction's isolation, the clock (`timestamp`),
/// and what only a node of a Galera cluster has, are set by set_session() besides.
[[nodiscard]] std::span<const session_setting> session_settings() noexcept;

/// Sets a new session up, and reads back what it has set. On a node of a Galera cluster every statement waits until the
/// node has applied what the cluster committed before (`wsrep_sync_wait`).
/// @param socket_s time-out of one exchange in seconds, 0 for none: statements and transactions that are idle end by
/// then,
///        locks are waited for half of it, 5 s at most
/// @return a failure of kind broken that names the variable, where the server does not keep a value
[[nodiscard]] outcome<void> set_session(connection& db, std::int64_t socket_s);

} // namespace cm::storage
