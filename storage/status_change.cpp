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

outcome<void> record_and_commit(connection& db, const audit_entry& entry, std::optional<core::revocation>& lost) {
  // What is left to do goes to the server as one block: each statement by itself is a way there and back, during which
  // the credential is locked. Where one of them fails, so does the block, and the transaction stays open.
  static const std::string begin = "BEGIN NOT ATOMIC " + std::string{audit_insertion} + "; ";
  static const std::string end = "COMMIT; END";
  static const std::string recorded = begin + end;
  static const std::string recorded_and_told = begin + event_insertion() + "; " + end;
  if (lost) {
    if (auto appended = append_without_event(db, *lost); !appended)
      return appended;
  }
  const auto block = db.prepared(lost ? recorded_and_told : recorded);
  if (!block)
    return block.error();
  const auto next = bind_audit(**block, entry);
  if (lost)
    (*block)->bind(next, static_cast<std::int64_t>(lost->sequence));
  return (*block)->execute();
}

failure precondition_failed() {
  return make_usable_failure(core::errc::precondition_failed, "The credential has changed");
}

} // namespace cm::storage
