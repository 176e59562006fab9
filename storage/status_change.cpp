#include "storage/status_change.hpp"

#include <algorithm>

namespace cm::storage {

core::revocation marked(core::revocation lost, const change_mark& mark, std::optional<core::credential_status> to) {
  lost.to = to;
  lost.correlation_id = mark.correlation_id;
  lost.at = mark.at;
  return lost;
}

outcome<std::optional<core::revocation>> event_of(connection& db, const core::revocation& lost,
                                                  const change_mark& mark) {
  auto written = revocations_of(db, mark, lost.kind);
  if (!written)
    return written.error();
  const auto same = std::find_if(written->begin(), written->end(),
                                 [&](const core::revocation& r) { return r.ids == lost.ids && r.to == lost.to; });
  std::optional<core::revocation> event;
  if (same != written->end())
    event = std::move(*same);
  return event;
}

outcome<bool> change_at_once(connection& db, const seen_credential& seen, const audit_entry& entry,
                             std::optional<core::revocation>& lost) {
  // A signal, like whatever else fails, ends the block and leaves the transaction open. The number is selected behind
  // COMMIT, so that rows come from what is done only; a block has no last_insert_id() to tell.
  static const std::string unless_one = "; IF ROW_COUNT() <> 1 THEN SIGNAL SQLSTATE '45000'; END IF; ";
  constexpr unsigned signaled = 1644; // ER_SIGNAL_EXCEPTION
  static constexpr std::array<column, 1> number_column{integer_column};
  std::string text = "BEGIN NOT ATOMIC DECLARE number BIGINT UNSIGNED DEFAULT 0; START TRANSACTION; ";
  text += entry.to ? "UPDATE " : "DELETE FROM ";
  text += seen.table;
  text += entry.to ? " SET status = ?, updated_at = ?" : "";
  text += " WHERE id = ? AND status = ? AND updated_at <=> ?";
  text += unless_one;
  text += audit_insertion;
  if (lost) {
    text += "; ";
    text += revocation_insertion;
    text += unless_one;
    text += "SET number = LAST_INSERT_ID(); ";
    text += event_insertion("number");
  }
  text += "; COMMIT; SELECT number; END";

  const auto block = db.prepared(text, number_column);
  if (!block)
    return block.error();
  auto& change = **block;
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
    read_rows(change, [&](const statement& row) { sequence = static_cast<std::uint64_t>(row.integer(0)); });
  if (!done) {
    if (done.error().number != signaled)
      return done.error();
    if (auto ended = db.run("ROLLBACK"); !ended)
      return ended.error();
    return false;
  }
  if (lost)
    lost->sequence = sequence;
  return true;
}

outcome<void> record_and_commit(connection& db, const audit_entry& entry, std::optional<core::revocation>& lost) {
  // What is left to do goes to the server as one block: each statement by itself is a way there and back, during which
  // the credential is locked. Where one of them fails, so does the block, and the transaction stays open.
  static const std::string begin = "BEGIN NOT ATOMIC " + std::string{audit_insertion} + "; ";
  static const std::string end = "COMMIT; END";
  static const std::string recorded = begin + end;
  static const std::string recorded_and_told = begin + event_insertion("?") + "; " + end;
  if (lost) {
    if (auto appended = append_without_event(db, *lost); !appended)
      return appended;
  }
  const auto block = db.prepared(lost ? recorded_and_told : recorded);
  if (!block)
    return block.error();
  const auto next = bind_audit(**block, 0, entry);
  if (lost)
    (*block)->bind(next, static_cast<std::int64_t>(lost->sequence));
  return (*block)->execute();
}

failure precondition_failed() {
  return make_usable_failure(core::errc::precondition_failed, "The credential has changed");
}

} // namespace cm::storage
