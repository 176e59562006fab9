// A change of one credential, generic over its table: read the row, evaluate the precondition, check the transition,
// write the row with its audit row, revocation and event. Optimistic path: an unlocked read and one conditional write
// (two round trips). On a conflict, and where the command is repeated: SELECT … FOR UPDATE (five round trips).
#pragma once

#include "core/base/try.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/events/audit.hpp"
#include "storage/events/revocation_log.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/rows.hpp"
#include "storage/sql/transaction.hpp"

#include <array>
#include <exception>
#include <functional>
#include <optional>
#include <string>

namespace cm::storage {

/// Evaluates a precondition. It is a callback of the caller: an exception becomes a failure and does not propagate
/// through the session. An empty precondition is true.
template <class Subject>
[[nodiscard]] outcome<bool> ask(const std::function<bool(const Subject&)>& precondition, const Subject& subject) {
  if (!precondition)
    return true;
  try {
    return precondition(subject);
  } catch (const std::exception& e) {
    return impossible(std::string{"a precondition failed: "} + e.what());
  } catch (...) {
    return impossible("a precondition failed");
  }
}

/// A precondition that caches its result: it is evaluated once for the same row, however often the row is read.
template <class Row>
class precondition_on {
public:
  explicit precondition_on(const std::function<bool(const Row&)>& precondition) : precondition_(precondition) {}

  [[nodiscard]] outcome<bool> ask(const Row& row) {
    if (row_ && *row_ == row)
      return verdict_;
    auto verdict = storage::ask(precondition_, row);
    if (verdict && precondition_) {
      row_ = row;
      verdict_ = *verdict;
    }
    return verdict;
  }

private:
  const std::function<bool(const Row&)>& precondition_;
  std::optional<Row> row_;
  bool verdict_ = false;
};

/// The first use of a credential: CM made it Active, and it was Inactive before.
struct first_use {
  std::optional<core::timestamp> former_update; ///< the value of updated_at before it
};

/// The first use, if it is the latest change of the credential; empty if another change is, or if the audit trail no
/// longer has it.
/// @param updated_at of the credential
[[nodiscard]] outcome<std::optional<first_use>> latest_first_use(connection& db, const core::uuid& id,
                                                                 const std::optional<core::timestamp>& updated_at);

/// Evaluates a precondition on a locked row. A first use is not a change by an operator: a precondition that held
/// before the first use still holds, if nothing else has changed since.
template <class Row>
[[nodiscard]] outcome<bool> permits(connection& db, precondition_on<Row>& condition, const Row& row) {
  CM_TRY(const auto permitted, condition.ask(row));
  if (permitted || row.status != core::credential_status::active)
    return permitted;
  CM_TRY(const auto& use, latest_first_use(db, row.id, row.updated_at));
  if (!use)
    return false;
  auto former = row;
  former.status = core::credential_status::inactive;
  former.updated_at = use->former_update;
  return condition.ask(former);
}

/// A credential after a change.
template <class Row>
struct changed_row {
  Row row;
  bool changed = false;
  std::optional<core::revocation> event;
};

/// The revocation with the time and the correlation ID of the operation, and with the new status.
[[nodiscard]] core::revocation marked(core::revocation lost, const change_mark& mark,
                                      std::optional<core::credential_status> to);

/// The state of a credential that was read without a lock.
struct seen_credential {
  std::string_view table;
  core::uuid id;
  core::credential_status status{};
  std::optional<core::timestamp> updated_at;
};

/// Changes a credential, or deletes it (an entry without `to`), with audit row, revocation and event: one transaction
/// in one round trip.
/// @param lost its sequence number is set
/// @return false: the credential has changed since it was read, and nothing was written
[[nodiscard]] outcome<bool> change_at_once(connection& db, const seen_credential& seen, const audit_entry& entry,
                                           std::optional<core::revocation>& lost);

/// Writes the audit row and, if there is one, the revocation with its event; then commits.
/// @param within the transaction that made the change
/// @param lost its sequence number is set
[[nodiscard]] outcome<void> record_and_commit(connection& db, transaction& within, const audit_entry& entry,
                                              std::optional<core::revocation>& lost);

[[nodiscard]] failure precondition_failed();

/// Conflict; unavailable if the status of the row is not known.
[[nodiscard]] failure transition_refused(core::credential_status from, core::credential_status to);

/// The revocation that a change of the row to that status (empty: its deletion) causes; empty if it revokes nothing.
template <class Table>
[[nodiscard]] std::optional<core::revocation> revocation_of(const Table& table, const typename Table::row& row,
                                                            std::optional<core::credential_status> to,
                                                            const change_mark& mark) {
  if (to && !core::revokes(row.status, *to))
    return std::nullopt;
  auto lost = marked(table.lost(row.id), mark, to);
  table.set_endpoint(row, lost);
  return lost;
}

/// Tries change_at_once() on a row that was read without a lock.
template <class Table>
[[nodiscard]] outcome<bool> change_seen(connection& db, const Table& table, const typename Table::row& row,
                                        std::optional<core::credential_status> to, const change_mark& mark,
                                        std::optional<core::revocation>& lost) {
  lost = revocation_of(table, row, to, mark);
  return change_at_once(db, {table.name(), row.id, row.status, row.updated_at}, entry_of(row.id, mark, row.status, to),
                        lost);
}

/// The result of an earlier attempt of a change.
struct earlier_change {
  bool done = false;
  std::optional<core::revocation> event; ///< if it revoked the credential and the event still exists
};

/// Finds an earlier attempt of the change of a credential with this mark.
/// @param target the status after the change; empty: its deletion
/// @param lost the revocation of the credential, with kind and ID
[[nodiscard]] outcome<earlier_change> find_earlier_change(connection& db, const core::uuid& id,
                                                          std::optional<core::credential_status> target,
                                                          const change_mark& mark, core::revocation lost);

/// The optimistic path of change_status(); empty if the row does not permit the change, or has changed meanwhile.
template <class Table>
[[nodiscard]] outcome<std::optional<changed_row<typename Table::row>>>
change_unlocked(connection& db, const Table& table, core::credential_status target, const change_mark& mark,
                precondition_on<typename Table::row>& condition) {
  using result = changed_row<typename Table::row>;
  CM_TRY(auto&& seen, table.find(db));
  if (!seen)
    return std::nullopt;
  auto row = *std::move(seen);
  CM_TRY(const auto permitted, condition.ask(row));
  if (!permitted || core::check_transition(row.status, target) != core::transition::allowed)
    return std::nullopt;
  std::optional<core::revocation> lost;
  CM_TRY(const auto done, change_seen(db, table, row, target, mark, lost));
  if (!done)
    return std::nullopt;
  row.status = target;
  row.updated_at = mark.at;
  return result{std::move(row), true, std::move(lost)};
}

/// Changes the status of one credential; semantics as for change_token_status.
///
/// A Table gives access to one row. It has:
/// - `row`: its type, with id, status and updated_at
/// - `missing()`: the message of not_found
/// - `name()`: the name of the table in SQL
/// - `find(db) -> outcome<optional<row>>`: SELECT; `lock(db)`: the same with FOR UPDATE
/// - `set_status(db, row, to, at) -> outcome<uint64_t>`: UPDATE … WHERE id and old status; returns the rows written
/// - `remove(db, row) -> outcome<uint64_t>`: DELETE of the locked row, whatever its status; returns the rows deleted
/// - `lost(id) -> revocation`: with kind and ID
/// - `set_endpoint(row, revocation&)`: sets application and endpoint, if the kind has them
template <class Table>
[[nodiscard]] outcome<changed_row<typename Table::row>>
change_status(connection& db, const Table& table, core::credential_status target, const change_mark& mark,
              const std::function<bool(const typename Table::row&)>& precondition, const attempt& how) {
  using result = changed_row<typename Table::row>;
  precondition_on<typename Table::row> condition{precondition};
  if (!how.repeated) {
    CM_TRY(auto&& changed, change_unlocked(db, table, target, mark, condition));
    if (changed)
      return *std::move(changed);
  }
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(auto&& locked, table.lock(db));
  if (!locked)
    return make_usable_failure(core::errc::not_found, std::string{table.missing()});
  auto row = *std::move(locked);
  CM_TRY(const auto permitted, permits(db, condition, row));
  const auto transition = core::check_transition(row.status, target);
  const bool allowed = permitted && transition == core::transition::allowed;
  const bool no_op = permitted && transition == core::transition::unchanged;

  // An earlier attempt of the same operation may have been committed, and other operations may have changed the
  // credential since: their changes must stay. On a first attempt, only the time of the row can indicate an earlier
  // one.
  if (how.repeated || !(allowed || no_op) || row.updated_at == mark.at) {
    CM_TRY(auto&& earlier, find_earlier_change(db, row.id, target, mark, table.lost(row.id)));
    if (earlier.done) {
      CM_TRY_VOID(begun.roll_back());
      return result{std::move(row), true, std::move(earlier.event)};
    }
  }
  if (allowed) {
    CM_TRY(const auto written, table.set_status(db, row, target, mark.at));
    if (written != 1)
      return impossible("a locked row changed its status");
    auto lost = revocation_of(table, row, target, mark);
    CM_TRY_VOID(record_and_commit(db, begun, entry_of(row.id, mark, row.status, target), lost));
    row.status = target;
    row.updated_at = mark.at;
    return result{std::move(row), true, std::move(lost)};
  }
  CM_TRY_VOID(begun.roll_back());
  if (no_op)
    return result{std::move(row), false, {}};
  if (!permitted)
    return precondition_failed();
  return transition_refused(row.status, target);
}

/// The optimistic path of delete_one().
/// @param lost set to the event if the credential was deleted
/// @return whether the credential was deleted
template <class Table>
[[nodiscard]] outcome<bool> delete_unlocked(connection& db, const Table& table, const change_mark& mark,
                                            precondition_on<typename Table::row>& condition,
                                            std::optional<core::revocation>& lost) {
  CM_TRY(const auto& seen, table.find(db));
  if (!seen)
    return false;
  CM_TRY(const auto permitted, condition.ask(*seen));
  if (!permitted)
    return false;
  return change_seen(db, table, *seen, std::nullopt, mark, lost);
}

/// Deletes one credential; semantics as for delete_token. IDs are never reused, so a repetition cannot delete anything
/// else.
/// @return the event; empty if an earlier attempt has deleted the credential and its event no longer exists
template <class Table>
[[nodiscard]] outcome<std::optional<core::revocation>>
delete_one(connection& db, const Table& table, const change_mark& mark,
           const std::function<bool(const typename Table::row&)>& precondition) {
  precondition_on<typename Table::row> condition{precondition};
  std::optional<core::revocation> lost;
  CM_TRY(const auto deleted, delete_unlocked(db, table, mark, condition, lost));
  if (deleted)
    return lost;
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(const auto& locked, table.lock(db));
  if (!locked) {
    CM_TRY(auto&& earlier, find_earlier_change(db, table.id(), std::nullopt, mark, table.lost(table.id())));
    if (!earlier.done)
      return make_usable_failure(core::errc::not_found, std::string{table.missing()});
    CM_TRY_VOID(begun.roll_back());
    return std::move(earlier.event);
  }
  const auto& row = *locked;
  CM_TRY(const auto permitted, permits(db, condition, row));
  if (!permitted)
    return precondition_failed();
  CM_TRY(const auto removed, table.remove(db, row));
  if (removed != 1)
    return impossible("a locked row vanished");
  lost = revocation_of(table, row, std::nullopt, mark);
  CM_TRY_VOID(record_and_commit(db, begun, entry_of(row.id, mark, row.status, std::nullopt), lost));
  return lost;
}

} // namespace cm::storage
