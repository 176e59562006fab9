// One change of one credential, the same for every table: read it, ask the precondition, check the transition, write it
// with its audit row, revocation and event. Optimistic path: an unlocked read and one conditional write (two round
// trips). On a conflict, and where the command is repeated: SELECT … FOR UPDATE (five).
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

/// Asks a precondition. It is somebody else's code: what it throws is answered and does not go through the session.
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

/// A precondition that is asked once of the same row, however often it is read.
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

/// A credential after a change.
template <class Row>
struct changed_row {
  Row row;
  bool changed = false;
  std::optional<core::revocation> event;
};

/// The revocation that an operation with this mark is, or was.
[[nodiscard]] core::revocation marked(core::revocation lost, const change_mark& mark,
                                      std::optional<core::credential_status> to);

/// The event of an earlier attempt, read back; nothing where it is not there any more.
[[nodiscard]] outcome<std::optional<core::revocation>> event_of(connection& db, const core::revocation& lost,
                                                                const change_mark& mark);

/// A credential as it was read, without a lock.
struct seen_credential {
  std::string_view table;
  core::uuid id;
  core::credential_status status{};
  std::optional<core::timestamp> updated_at;
};

/// Changes or deletes (an entry without `to`) a credential in one round trip, with everything that belongs to it:
/// transaction, audit row, revocation, event and COMMIT.
/// @param lost gets its number
/// @return false: the credential has changed since it was read, and nothing was done
[[nodiscard]] outcome<bool> change_at_once(connection& db, const seen_credential& seen, const audit_entry& entry,
                                           std::optional<core::revocation>& lost);

/// Audit row and, where it was given, revocation, then COMMIT.
/// @param within the transaction that the change was made in; ended by this
/// @param lost gets its number
[[nodiscard]] outcome<void> record_and_commit(connection& db, transaction& within, const audit_entry& entry,
                                              std::optional<core::revocation>& lost);

[[nodiscard]] failure precondition_failed();

/// What a change of the row to that status (nothing: its end) takes away from somebody.
template <class Table>
[[nodiscard]] std::optional<core::revocation> taken_away(const Table& table, const typename Table::row& row,
                                                         std::optional<core::credential_status> to,
                                                         const change_mark& mark) {
  if (to && !core::takes_away(row.status, *to))
    return std::nullopt;
  auto lost = marked(table.lost(row.id), mark, to);
  table.place(row, lost);
  return lost;
}

/// Tries change_at_once() on a row that was read without a lock.
template <class Table>
[[nodiscard]] outcome<bool> change_seen(connection& db, const Table& table, const typename Table::row& row,
                                        std::optional<core::credential_status> to, const change_mark& mark,
                                        std::optional<core::revocation>& lost) {
  lost = taken_away(table, row, to, mark);
  return change_at_once(db, {table.name(), row.id, row.status, row.updated_at}, entry_of(row.id, mark, row.status, to),
                        lost);
}

/// What an earlier attempt of a status change has left behind.
struct earlier_change {
  bool done = false;
  std::optional<core::revocation> event; ///< where it revoked the credential and the event can be read back
};

/// Looks for an earlier attempt of the change to `target` with this mark.
template <class Table>
[[nodiscard]] outcome<earlier_change> find_earlier_change(connection& db, const Table& table, const core::uuid& id,
                                                          core::credential_status target, const change_mark& mark) {
  const auto is_same = [&](const core::audit_record& r) { return r.to == target && r.from && r.from != target; };
  CM_TRY(const auto& record, find_change(db, id, mark, is_same));
  earlier_change earlier;
  earlier.done = record.has_value();
  if (earlier.done && core::takes_away(*record->from, target)) {
    CM_TRY(auto&& event, event_of(db, marked(table.lost(id), mark, target), mark));
    earlier.event = std::move(event);
  }
  return earlier;
}

/// The optimistic path of change_status(); nothing where the row does not permit it, or has changed meanwhile.
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

/// Gives one credential another status, as change_token_status says.
///
/// A Table is one row to be changed: `row` (with id, status, updated_at), `missing()` for people, `name()` in SQL,
/// `find(db) -> outcome<optional<row>>` (SELECT) and `lock(db)` (the same FOR UPDATE), `set_status(db, row, to, at) ->
/// outcome<uint64_t>` (UPDATE … WHERE id and the old status; rows written), `remove(db, row) -> outcome<uint64_t>`
/// (DELETE likewise) and `lost(id) -> revocation` with the kind and the ID; `place(row, revocation&)` adds where it
/// belonged.
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
  CM_TRY(const auto permitted, condition.ask(row));
  const auto transition = core::check_transition(row.status, target);
  const bool allowed = permitted && transition == core::transition::allowed;
  const bool no_op = permitted && transition == core::transition::unchanged;

  // A lost attempt of this very operation may have been committed, and others may have changed the credential since:
  // what they did stays. On the first attempt only the row's time can say so.
  if (how.repeated || !(allowed || no_op) || row.updated_at == mark.at) {
    CM_TRY(auto&& earlier, find_earlier_change(db, table, row.id, target, mark));
    if (earlier.done) {
      CM_TRY_VOID(begun.roll_back());
      return result{std::move(row), true, std::move(earlier.event)};
    }
  }
  if (allowed) {
    CM_TRY(const auto written, table.set_status(db, row, target, mark.at));
    if (written != 1)
      return impossible("a locked row changed its status");
    auto lost = taken_away(table, row, target, mark);
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
  return make_usable_failure(core::errc::conflict, "A credential that is " + std::string{to_string(row.status)}
                                                     + " cannot become " + std::string{to_string(target)});
}

/// The optimistic path of delete_one().
/// @return whether the credential was deleted; `lost` is its event then
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

/// Deletes one credential, as delete_token says. Its ID never comes back, so a repetition undoes nothing.
/// @return the event; nothing where an earlier attempt has deleted it and the event cannot be read back
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
    CM_TRY(const auto& earlier, find_change(db, table.id(), mark, [](const core::audit_record& r) { return !r.to; }));
    if (!earlier)
      return make_usable_failure(core::errc::not_found, std::string{table.missing()});
    CM_TRY(auto&& event, event_of(db, marked(table.lost(table.id()), mark, std::nullopt), mark));
    CM_TRY_VOID(begun.roll_back());
    return std::move(event);
  }
  const auto& row = *locked;
  CM_TRY(const auto permitted, condition.ask(row));
  if (!permitted)
    return precondition_failed();
  CM_TRY(const auto removed, table.remove(db, row));
  if (removed != 1)
    return impossible("a locked row changed its status");
  lost = taken_away(table, row, std::nullopt, mark);
  CM_TRY_VOID(record_and_commit(db, begun, entry_of(row.id, mark, row.status, std::nullopt), lost));
  return lost;
}

} // namespace cm::storage
