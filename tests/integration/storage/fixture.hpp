// Shared by the storage tests: one server for all tests that do not disturb it, and helpers that build commands.
#pragma once

#include "mariadb_server.hpp"
#include "storage/session/commands.hpp"
#include "storage/session/session.hpp"
#include "storage/sql/client_thread.hpp"
#include "storage/sql/connection.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cm::test {

/// Started at the first call, ended with the program.
[[nodiscard]] mariadb_server& shared_server();

/// The shared server with an empty database, and a thread that may use the client library.
struct storage_fixture {
  storage_fixture();

  storage::client_thread thread;
  mariadb_server& server;
};

/// 10 s from now.
[[nodiscard]] core::steady_time soon();

/// A v4-like ID whose order is that of `number`.
[[nodiscard]] core::uuid id_of(std::uint32_t number);

/// Some hash; equal for equal numbers.
[[nodiscard]] core::token_hash hash_of(std::uint32_t number);

[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);

/// Token `number` of endpoint "ep-1" in application "app", created at 1,000,000 + number.
[[nodiscard]] storage::create_token creation(std::uint32_t number);

/// Executes and returns the reply of that kind; fails the test where there is another.
template <class Reply>
Reply must(storage::session& session, const storage::command& what) {
  auto result = session.execute(what, soon());
  if (!result)
    throw std::runtime_error(std::string{core::to_string(result.error().code)} + ": " + result.error().detail);
  return std::get<Reply>(*std::move(result));
}

/// Creates tokens first to last.
void make_tokens(storage::session& session, std::uint32_t first, std::uint32_t last);

/// The error of a command that must fail.
[[nodiscard]] core::error refusal(storage::session& session, const storage::command& what);

/// Client credential `number`: username "user-<number>", or issuer "CN=ca" and that serial number; created at 1,000,000
/// + number.
[[nodiscard]] storage::create_client client_creation(core::client_kind kind, std::uint32_t number);

/// "id = X'…'", for SQL.
[[nodiscard]] std::string is_row(std::uint32_t number);

/// "table" or "table WHERE …".
[[nodiscard]] std::uint64_t count_of(const mariadb_server& server, const std::string& table);

/// The digest over all tokens of the endpoint, computed from the rows.
[[nodiscard]] core::token_digest digest_of(const storage_fixture& fixture, const std::string& endpoint_id);

/// (from, to, channel, actor, correlation ID) of a credential's audit rows, oldest first.
[[nodiscard]] std::vector<std::vector<std::string>> audit_of(const mariadb_server& server, std::uint32_t number);

/// SQL expression for a time in the past by the database's clock, in Unix milliseconds; in the future if `age` is
/// negative.
[[nodiscard]] std::string before_now(std::chrono::milliseconds age);

/// Whether a transaction waits for a row that another one has locked. Does not use innodb_trx: its content is
/// refreshed only if it was not read for 100 ms.
[[nodiscard]] bool somebody_waits(const mariadb_server& server);

/// Another connection of the user `cm`.
[[nodiscard]] std::unique_ptr<storage::connection> connect(const mariadb_server& server);

/// Runs a statement and ignores failures.
void run(storage::connection& db, std::string_view sql);

/// Waits up to 20 s until the condition holds; throws where it does not.
void wait_until(const std::function<bool()>& condition);

/// Cuts all connections of the user `cm` on the server, and waits until they are closed.
void kill_connections(const mariadb_server& server);

} // namespace cm::test
