#include "storage/events/status_change.hpp"

#include "core/base/try.hpp"

#include <algorithm>
#include <utility>

namespace cm::storage {

namespace {

/// Reads the event back that an earlier attempt has written; empty if it has been deleted.
outcome<std::optional<core::revocation>> event_of(connection& db, const core::revocation& lost,
                                                  const change_mark& mark) {
  CM_TRY(auto&& written, revocations_of(db, mark, lost.kind));
  const auto same = std::find_if(written.begin(), written.end(),
                                 [&](const core::revocation& r) { return r.ids == lost.ids && r.to == lost.to; });
  std::optional<core::revocation> event;
  if (same != written.end())
    event = std::move(*same);
  return event;
}

} // namespace

core::revocation marked(core::revocation lost, const change_mark& mark, std::optional<core::credential_status> to) {
  lost.to = to;
  lost.correlation_id = mark.correlation_id;
  lost.at = mark.at;
  return lost;
}

outcome<std::optional<first_use>> latest_first_use(connection& db, const core::uuid& id,
                                                   const std::optional<core::timestamp>& updated_at) {
  CM_TRY(const auto& history, read_history(db, id, 0, 2));
  const auto& records = history.items;
  if (records.empty() || records[0].from != core::credential_status::inactive
      || records[0].to != core::credential_status::active || records[0].how != core::channel::ecap
      || records[0].at != updated_at)
    return std::nullopt;
  first_use use;
  // An Inactive credential has changed before only if its password has.
  if (records.size() > 1 && records[1].from)
    use.former_update = records[1].at;
  return use;
}

outcome<bool> change_at_once(connection& db, const seen_credential& seen, const audit_entry& entry,
                             std::optional<core::revocation>& lost) {
  // The SELECT of the number follows COMMIT, so that a row arrives only after success. A block has no last_insert_id().
  static const std::string unless_one = "; IF ROW_COUNT() <> 1 THEN SIGNAL SQLSTATE '45000'; END IF; ";
  static constexpr std::array<column, 1> number_column{integer_column};
  std::string statements = entry.to ? "UPDATE " : "DELETE FROM ";
  statements += seen.table;
  statements += entry.to ? " SET status = ?, updated_at = ?" : "";
  statements += " WHERE id = ? AND status = ? AND updated_at <=> ?";
  statements += unless_one;
  statements += audit_insertion;
  statements += "; ";
  if (lost) {
    statements += revocation_insertion;
    statements += unless_one;
    statements += "SET number = LAST_INSERT_ID(); ";
    statements += event_insertion("number");
    statements += "; ";
  }
  const auto text = whole_block("DECLARE number BIGINT UNSIGNED DEFAULT 0; ", statements, "SELECT number; ");

  CM_TRY(auto* const block, db.prepared(text, number_column));
  auto& change = *block;
  std::size_t next = 0;
  if (entry.to) {
    change.bind(next++, number(*entry.to));
    bind_time(change, next++, entry.at);
  }
  change.bind(next++, seen.id.bytes);
  change.bind(next++, number(seen.status));
  if (seen.updated_at)
    bind_time(change, next++, *seen.updated_at);
  else
    change.bind_null(next++);
  next = bind_audit(change, next, entry);
  std::vector<std::uint8_t> ids;
  if (lost) {
    ids = ids_of(*lost);
    bind_revocation(change, next, *lost, ids);
  }
  std::uint64_t sequence = 0;
  const auto done =
    run_whole_block(db, change, [&](const statement& row) { sequence = static_cast<std::uint64_t>(row.integer(0)); });
  if (!done) {
    if (done.error().number != signaled)
      return done.error();
    return false;
  }
  if (lost)
    lost->sequence = sequence;
  return true;
}

outcome<void> record_and_commit(connection& db, transaction& within, const audit_entry& entry,
                                std::optional<core::revocation>& lost) {
  // The last statements are sent as one block: separate round trips would lengthen the time in which the credential is
  // locked.
  static const std::string audit = std::string{audit_insertion} + "; ";
  static const std::string recorded = closing_block(audit);
  static const std::string recorded_with_event = closing_block(audit + event_insertion("?") + "; ");
  if (lost)
    CM_TRY_VOID(append_without_event(db, *lost));
  CM_TRY(auto* const block, db.prepared(lost ? recorded_with_event : recorded));
  const auto next = bind_audit(*block, 0, entry);
  if (lost)
    block->bind(next, static_cast<std::int64_t>(lost->sequence));
  return within.commit_with(*block);
}

failure precondition_failed() {
  return make_usable_failure(core::errc::precondition_failed, "The credential has changed");
}

failure transition_refused(core::credential_status from, core::credential_status to) {
  if (from == core::credential_status::unknown)
    return unknown_status();
  return make_usable_failure(core::errc::conflict, "A credential that is " + std::string{to_string(from)}
                                                     + " cannot become " + std::string{to_string(to)});
}

outcome<earlier_change> find_earlier_change(connection& db, const core::uuid& id,
                                            std::optional<core::credential_status> target, const change_mark& mark,
                                            core::revocation lost) {
  const auto is_same = [&](const core::audit_record& r) {
    return target ? r.to == target && r.from && r.from != target : !r.to;
  };
  CM_TRY(const auto& record, find_change(db, id, mark, is_same));
  earlier_change earlier;
  earlier.done = record.has_value();
  if (earlier.done && (!target || core::revokes(*record->from, *target))) {
    CM_TRY(auto&& event, event_of(db, marked(std::move(lost), mark, target), mark));
    earlier.event = std::move(event);
  }
  return earlier;
}

} // namespace cm::storage
