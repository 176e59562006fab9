#include "storage/sql/session_settings.hpp"

#include "core/base/try.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace cm::storage {

namespace {

constexpr std::int64_t max_lock_wait_s = 5;

constexpr std::array<session_setting, 16> settings{{
  {"autocommit", "1", "1"},
  {"sql_mode", "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"},
  {"time_zone", "'+00:00'", "+00:00"},
  {"character_set_client", "'utf8mb4'", "utf8mb4"},
  {"character_set_results", "'utf8mb4'", "utf8mb4"},
  {"collation_connection", "'utf8mb4_bin'", "utf8mb4_bin"},
  // A lower value would truncate the result of a SELECT without LIMIT.
  {"sql_select_limit", "18446744073709551615", "18446744073709551615"},
  {"sql_safe_updates", "0", "0"},
  {"sql_big_selects", "1", "1"},
  {"sql_auto_is_null", "0", "0"},
  // With CHAIN, COMMIT and ROLLBACK would begin the next transaction; with RELEASE, close the connection.
  {"completion_type", "'NO_CHAIN'", "NO_CHAIN"},
  {"unique_checks", "1", "1"},
  {"check_constraint_checks", "1", "1"},
  {"foreign_key_checks", "1", "1"},
  {"group_concat_max_len", "1048576", "1048576"},
  {"max_sort_length", "1024", "1024"},
}};

std::string assignments(std::int64_t socket_s) {
  std::string text = "SET SESSION ";
  for (const auto& setting : settings)
    text.append(setting.name).append("=").append(setting.value).append(", ");
  // Shorter than the client's time-out, so that a blocked lock is an error and not a lost connection.
  const auto lock_wait =
    std::to_string(socket_s == 0 ? max_lock_wait_s : std::clamp<std::int64_t>(socket_s / 2, 1, max_lock_wait_s));
  text += "innodb_lock_wait_timeout=" + lock_wait + ", lock_wait_timeout=" + lock_wait
          + ", max_statement_time=" + std::to_string(socket_s);
  // A process whose machine failed must not hold its locks until the TCP connection times out.
  text += ", idle_transaction_timeout=" + std::to_string(socket_s);
  return text;
}

failure not_kept(const connection& db, std::string_view name, std::string_view found) {
  return {error_class::broken,
          unavailable_error(db.address() + ": the server does not keep the session variable " + std::string{name}
                            + ": it is '" + std::string{found} + "'"),
          0};
}

outcome<void> check(connection& db) {
  std::string text = "SELECT ";
  for (const auto& setting : settings)
    text.append("@@session.").append(setting.name).append(", ");
  // NOW() follows the variable timestamp, SYSDATE() does not.
  text += "ABS(TIMESTAMPDIFF(SECOND, SYSDATE(), NOW())) <= 1";
  CM_TRY(const auto& rows, db.query(text));
  const auto& values = rows.at(0);
  std::size_t position = 0;
  for (const auto& setting : settings) {
    const auto found = values.at(position++).value_or("NULL");
    if (found != setting.expected)
      return not_kept(db, setting.name, found);
  }
  if (values.at(position) != "1")
    return not_kept(db, "timestamp", "a fixed time");
  return {};
}

outcome<void> sync_with_cluster(connection& db) {
  const auto found = db.query("SHOW SESSION VARIABLES WHERE Variable_name = 'wsrep_on' AND Value IN ('ON', '1')");
  if (!found || found->empty())
    return found ? outcome<void>{} : found.error();
  return db.wait_for_cluster();
}

} // namespace

std::span<const session_setting> session_settings() noexcept {
  return settings;
}

outcome<void> set_session(connection& db, std::int64_t socket_s) {
  CM_TRY_VOID(db.run(assignments(socket_s)));
  // As a statement, because the names of these variables differ between server versions.
  CM_TRY_VOID(db.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"));
  // A fixed `timestamp` would stop the clock that leases and retention depend on. A server with secure_timestamp
  // refuses this statement, but also refused any such statement in init_connect; so only the check below decides.
  static_cast<void>(db.run("SET SESSION timestamp=DEFAULT"));
  CM_TRY_VOID(check(db));
  return sync_with_cluster(db);
}

} // namespace cm::storage
