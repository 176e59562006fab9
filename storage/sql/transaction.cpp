#include "storage/sql/transaction.hpp"

#include "core/base/try.hpp"

namespace cm::storage {

namespace {

// The server leaves a transaction open after most errors, including a lock wait time-out. So the block rolls back
// itself and passes the error on with RESIGNAL. If the handler does not run (the statement was killed), the client's
// ROLLBACK ends the transaction.
constexpr std::string_view roll_back_on_error = "DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; ";

std::string block(std::string_view variables, std::string_view statements) {
  std::string text = "BEGIN NOT ATOMIC ";
  text += variables;
  text += roll_back_on_error;
  text += statements;
  return text;
}

// An error of COMMIT does not say whether the server committed. Only the victim of a deadlock or of a certification
// conflict (Galera), which is retryable, is certain to be rolled back. After any other error the outcome is unknown.
failure unknown_outcome(failure failed) {
  if (failed.kind == error_class::usable && failed.number != signaled) {
    failed.kind = error_class::broken;
    failed.error = unavailable_error(std::move(failed.error.detail));
  }
  return failed;
}

} // namespace

outcome<transaction> transaction::begin(connection& db) {
  transaction begun{db};
  db.unsettle();
  CM_TRY_VOID(db.run("START TRANSACTION"));
  return begun;
}

outcome<transaction> transaction::begin_with(connection& db, statement& block) {
  transaction begun{db};
  db.unsettle();
  CM_TRY_VOID(block.execute());
  return begun;
}

transaction::~transaction() {
  if (db_ != nullptr)
    static_cast<void>(db_->roll_back()); // a failure leaves the connection unsettled, and it is dropped
}

outcome<void> transaction::commit() {
  auto& db = *db_;
  if (auto done = db.run("COMMIT"); !done)
    return unknown_outcome(std::move(done).error()); // the destructor rolls back
  db_ = nullptr;
  return db.settle();
}

outcome<void> transaction::commit_with(statement& block) {
  auto& db = *db_;
  if (auto done = block.execute(); !done)
    return unknown_outcome(std::move(done).error());
  db_ = nullptr;
  return db.settle();
}

outcome<void> transaction::restart() {
  CM_TRY_VOID(db_->roll_back());
  db_->unsettle();
  return db_->run("START TRANSACTION");
}

outcome<void> transaction::roll_back() {
  return std::exchange(db_, nullptr)->roll_back();
}

outcome<void> run_whole_block(connection& db, statement& block, const take_row& take) {
  db.unsettle();
  if (auto done = read_rows(block, take); !done) {
    auto failed = unknown_outcome(std::move(done).error());
    if (auto ended = db.roll_back(); !ended && failed.kind == error_class::usable)
      return ended;
    return failed;
  }
  return db.settle();
}

std::string opening_block(std::string_view statements) {
  return block("", "START TRANSACTION; " + std::string{statements} + "END");
}

std::string closing_block(std::string_view statements) {
  return block("", std::string{statements} + "COMMIT; END");
}

std::string whole_block(std::string_view variables, std::string_view statements, std::string_view result) {
  return block(variables, "START TRANSACTION; " + std::string{statements} + "COMMIT; " + std::string{result} + "END");
}

} // namespace cm::storage
