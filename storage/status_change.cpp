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
  if (auto appended = append_audit(db, {&entry, 1}); !appended)
    return appended;
  if (lost) {
    if (auto appended = append_revocations(db, {&*lost, 1}); !appended)
      return appended;
  }
  return db.run("COMMIT");
}

failure precondition_failed() {
  return make_usable_failure(core::errc::precondition_failed, "The credential has changed");
}

} // namespace cm::storage
