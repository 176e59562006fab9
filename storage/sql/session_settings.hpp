// The session variables that affect the meaning of CM's statements, and the values that CM requires.
#pragma once

#include "storage/sql/connection.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace cm::storage {

/// One session variable. A global default or the server's `init_connect` may have set it to any value.
struct session_setting {
  std::string_view name;
  std::string_view value;    ///< SQL literal to set
  std::string_view expected; ///< what the server returns when it is read back
};

/// The variables with a fixed value. set_session() also sets the lock and statement time-outs, the isolation level, the
/// clock (`timestamp`), and what exists only on a node of a Galera cluster.
[[nodiscard]] std::span<const session_setting> session_settings() noexcept;

/// Sets the variables of a new session and reads them back. On a node of a Galera cluster it also enables
/// connection::wait_for_cluster().
/// @param socket_s socket time-out in seconds; 0: none. The server ends statements that run, and transactions that are
///        idle, for longer. The lock wait time-out is half of it, 1 to 5 s.
/// @return a failure of kind broken that names the variable, if the server does not keep a value
[[nodiscard]] outcome<void> set_session(connection& db, std::int64_t socket_s);

} // namespace cm::storage
