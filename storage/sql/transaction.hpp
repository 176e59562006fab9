// Transactions: each is committed or rolled back as a whole, whatever fails in between. No other code begins, commits
// or rolls back.
#pragma once

#include "storage/sql/connection.hpp"
#include "storage/sql/rows.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace cm::storage {

/// One transaction on one connection (RAII): the destructor rolls back unless the server has acknowledged the commit.
/// It always sends ROLLBACK, because the client cannot know whether a transaction is open (an error packet carries no
/// server status). If the server does not acknowledge it, the connection stays unsettled (connection::settled()) and
/// must not be used again.
///
/// Not thread-safe. At most one object per connection at a time; it must not outlive the connection.
class transaction {
public:
  /// Sends START TRANSACTION.
  [[nodiscard]] static outcome<transaction> begin(connection& db);

  /// Executes a prepared opening_block(): START TRANSACTION and the first statements in one round trip.
  [[nodiscard]] static outcome<transaction> begin_with(connection& db, statement& block);

  transaction(transaction&& from) noexcept : db_(std::exchange(from.db_, nullptr)) {}

  transaction& operator=(transaction&&) = delete;
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  /// Sends COMMIT. If the outcome is unknown, the failure is of kind `broken`: the command has to be repeated on
  /// another connection and first checks whether it was committed. If COMMIT fails, the destructor rolls back.
  [[nodiscard]] outcome<void> commit();

  /// Executes a prepared closing_block(): the last statements and COMMIT in one round trip. Errors as for commit(),
  /// except that nothing was committed if the block itself signaled (number 1644).
  [[nodiscard]] outcome<void> commit_with(statement& block);

  /// Rolls back and starts a new transaction.
  [[nodiscard]] outcome<void> restart();

  /// Sends ROLLBACK, for callers that continue to use the connection. Afterwards the destructor does nothing, even if
  /// the rollback failed.
  [[nodiscard]] outcome<void> roll_back();

private:
  explicit transaction(connection& db) noexcept : db_(&db) {}

  connection* db_; ///< null after the end
};

/// Runs a whole transaction in one round trip: a prepared whole_block(). After a failure it also sends ROLLBACK. Errors
/// as for transaction::commit_with().
/// @param take called for each row that the block selects
[[nodiscard]] outcome<void> run_whole_block(connection& db, statement& block, const take_row& take);

/// The error number of a SIGNAL in a block (SQLSTATE 45000).
inline constexpr unsigned signaled = 1644;

/// Text of a block that begins a transaction and executes `statements` (each ended by ';') in one round trip. On an
/// error the server rolls back immediately and reports the error.
[[nodiscard]] std::string opening_block(std::string_view statements);

/// The same for the end of a transaction: `statements`, then COMMIT.
[[nodiscard]] std::string closing_block(std::string_view statements);

/// The same for a whole transaction.
/// @param variables declarations, each ended by ';'; may be empty
/// @param result a statement, ended by ';', executed after COMMIT; may be empty
[[nodiscard]] std::string whole_block(std::string_view variables, std::string_view statements, std::string_view result);

} // namespace cm::storage
