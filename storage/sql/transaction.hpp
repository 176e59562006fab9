// Transactions: committed whole, or rolled back, whatever fails in between. The only place that begins, commits or
// rolls back.
#pragma once

#include "storage/sql/connection.hpp"
#include "storage/sql/rows.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace cm::storage {

/// One transaction on one connection, by its lifetime: the destructor rolls back unless the server has acknowledged the
/// commit. Whether anything is open is not judged by what the client heard before (an error packet carries no status):
/// ROLLBACK is always sent, and where the server does not acknowledge it, the connection stays unsettled
/// (connection::settled()) and must not be used again.
///
/// Not thread-safe. At most one object per connection at a time; it must not outlive the connection.
class transaction {
public:
  /// Sends START TRANSACTION.
  [[nodiscard]] static outcome<transaction> begin(connection& db);

  /// Begins with a prepared block made by opening_block(): START TRANSACTION and the first statements in one round
  /// trip.
  [[nodiscard]] static outcome<transaction> begin_with(connection& db, statement& block);

  transaction(transaction&& from) noexcept : db_(std::exchange(from.db_, nullptr)) {}

  transaction& operator=(transaction&&) = delete;
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  /// Sends COMMIT. On a failure of which the outcome is not known the error's kind is `broken`: the command has to be
  /// repeated on another connection, and looks first whether it was carried out. Ends this object in any case.
  [[nodiscard]] outcome<void> commit();

  /// Commits with a prepared block made by closing_block(): the last statements and COMMIT in one round trip. Errors as
  /// commit(), but nothing was committed where the block itself signaled (number 1644).
  [[nodiscard]] outcome<void> commit_with(statement& block);

  /// Rolls back and begins anew.
  [[nodiscard]] outcome<void> restart();

  /// Sends ROLLBACK, for callers that go on with the connection. Ends this object in any case.
  [[nodiscard]] outcome<void> roll_back();

private:
  explicit transaction(connection& db) noexcept : db_(&db) {}

  connection* db_; ///< null: ended
};

/// Runs a whole transaction in one round trip: a prepared block made by whole_block(). On a failure ROLLBACK is sent
/// besides. Errors as transaction::commit_with().
/// @param take called for each row that the block selects
[[nodiscard]] outcome<void> run_whole_block(connection& db, statement& block, const take_row& take);

/// The error number of a SIGNAL in a block (SQLSTATE 45000).
inline constexpr unsigned signaled = 1644;

/// Text of a block that begins a transaction and carries out `statements` (each ended by ';') in one round trip.
/// Whatever fails in it is rolled back by the server at once and reported.
[[nodiscard]] std::string opening_block(std::string_view statements);

/// The same for the end of a transaction: `statements`, then COMMIT.
[[nodiscard]] std::string closing_block(std::string_view statements);

/// The same for a whole transaction.
/// @param variables declarations, each ended by ';'; may be empty
/// @param result a statement, ended by ';', carried out after COMMIT; may be empty
[[nodiscard]] std::string whole_block(std::string_view variables, std::string_view statements, std::string_view result);

} // namespace cm::storage
