#include "storage/consistency/consistency.hpp"

#include "core/base/try.hpp"
#include "storage/consistency/consistency_rows.hpp"
#include "storage/events/event_commands.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <vector>

namespace cm::storage {

namespace {

using core::credential_status;

std::string status_name(const std::optional<credential_status>& status) {
  return status ? std::string{core::to_string(*status)} : "deleted";
}

/// The last audit row of a credential, and the credential's row at the same moment.
struct last_change {
  core::uuid id;
  core::timestamp at{};
  std::optional<credential_status> from;
  std::optional<credential_status> to;
  std::optional<core::revoked_kind> kind; ///< of the table that contains the credential; empty: there is no row
  std::optional<std::int64_t> status;     ///< of the row
  bool recent = false;                    ///< the retention cannot have deleted its revocation yet
  bool explained = false;                 ///< the retention may have deleted its last audit row
};

outcome<std::vector<last_change>> read_last_changes(connection& db, const consistency_settings& settings,
                                                    const core::uuid& after) {
  // The subquery finds the last row of each credential by a loose index scan: one step per credential, not per row.
  static const std::string text =
    "SELECT a.credential_id, a.at, a.from_status, a.to_status, CASE WHEN t.id IS NOT NULL THEN 0 WHEN b.id IS NOT NULL "
    "THEN 1 WHEN x.id IS NOT NULL THEN 2 END, COALESCE(t.status, b.status, x.status), a.at >= "
    + std::string{database_now}
    + " - ?, COALESCE(t.updated_at, b.updated_at, x.updated_at, t.created_at, b.created_at, x.created_at, 0) < "
    + std::string{database_now}
    + " - ? FROM (SELECT credential_id, MAX(seq) AS seq FROM credential_audit FORCE INDEX (credential) WHERE "
      "credential_id > ? GROUP BY credential_id ORDER BY credential_id LIMIT ?) AS newest "
      "JOIN credential_audit AS a ON a.seq = newest.seq "
      "LEFT JOIN endpoint_token AS t ON t.id = a.credential_id "
      "LEFT JOIN basic_credential AS b ON b.id = a.credential_id "
      "LEFT JOIN x509_credential AS x ON x.id = a.credential_id ORDER BY a.credential_id";
  static constexpr std::array columns{uuid_column,    integer_column, integer_column, integer_column,
                                      integer_column, integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, settings.revocations_retention.count());
  select->bind(1, settings.audit_retention.count());
  select->bind(2, after.bytes);
  select->bind(3, std::int64_t{settings.page});
  std::vector<last_change> page;
  const auto read = read_rows(*select, [&](const statement& row) {
    last_change change;
    change.id = read_uuid(row.bytes(0));
    change.at = read_time(row, 1);
    change.from = read_optional_status(row, 2);
    change.to = read_optional_status(row, 3);
    if (!row.is_null(4))
      change.kind = static_cast<core::revoked_kind>(row.integer(4));
    if (!row.is_null(5))
      change.status = row.integer(5);
    change.recent = row.integer(6) != 0;
    change.explained = row.integer(7) != 0;
    page.push_back(change);
  });
  CM_TRY_VOID(read);
  return page;
}

inconsistent_row finding(inconsistency kind, std::string_view table, const core::uuid& id, std::string text,
                         core::timestamp since) {
  return {kind, std::string{table}, core::to_string(id), std::move(text), since};
}

bool is_known(std::int64_t status) {
  return status >= 0 && status < static_cast<std::int64_t>(core::credential_status_count);
}

// Compares the credential's row with its last audit row; empty if they agree.
std::optional<inconsistent_row> compare(const last_change& last) {
  if (!last.kind) {
    if (!last.to)
      return std::nullopt;
    return finding(inconsistency::missing_row, "credential_audit", last.id,
                   "there is no such credential, and the last audit row does not delete it but makes it "
                     + status_name(last.to),
                   last.at);
  }
  // A status that CM does not know is a finding of check_table().
  if (!last.status || !is_known(*last.status) || last.explained)
    return std::nullopt;
  const auto status = static_cast<credential_status>(*last.status);
  if (last.to == status)
    return std::nullopt;
  return finding(inconsistency::status_mismatch, table_name(*last.kind), last.id,
                 "its status is " + status_name(status) + ", and its last audit row says " + status_name(last.to),
                 last.at);
}

// Whether the last audit row may be that of a revoking change, or follow one.
bool may_be_revoked(const last_change& last) {
  const bool deleted = !last.to && !last.kind;
  const bool unusable =
    last.to && last.kind && !core::valid_for_use(*last.to) && last.status == static_cast<std::int64_t>(*last.to);
  return last.recent && (deleted || unusable);
}

std::string describe(const revoking_change& change) {
  if (!change.to)
    return "it was deleted, and there is no revocation";
  const auto became = status_name(change.from) + " became " + status_name(change.to);
  return became
         + (change.recorded ? ", and there is no revocation" : ", and there is neither an audit row nor a revocation");
}

outcome<void> check_credential(connection& db, const consistency_settings& settings, const last_change& last,
                               const consistency_listener& listener) {
  const auto wrong = compare(last);
  if (wrong)
    CM_TRY_VOID(listener.found(*wrong));
  // A change that was interrupted before its audit row was written was not published either.
  const bool interrupted = wrong && wrong->kind == inconsistency::status_mismatch && last.to
                           && core::valid_for_use(*last.to)
                           && !core::valid_for_use(static_cast<credential_status>(*last.status));
  if (!interrupted && (wrong || !may_be_revoked(last)))
    return {};
  CM_TRY(const auto& change, read_revoking_change(db, last.id, last.kind, settings.revocations_retention));
  if (!change || change->published || !change->recent)
    return {};
  return listener.found(finding(inconsistency::missing_revocation,
                                last.kind ? table_name(*last.kind) : std::string_view{"credential_audit"}, last.id,
                                describe(*change), change->at));
}

outcome<void> check_trail(connection& db, const consistency_settings& settings, const consistency_listener& listener) {
  core::uuid after;
  consistency_progress progress{"credential_audit"};
  // Starts after the nil UUID, which is not a valid credential ID.
  for (;;) {
    CM_TRY(const auto& page, read_last_changes(db, settings, after));
    for (const auto& last : page)
      CM_TRY_VOID(check_credential(db, settings, last, listener));
    progress.rows += page.size();
    if (listener.progressed)
      listener.progressed(progress);
    if (page.size() < settings.page)
      return {};
    after = page.back().id;
  }
}

// -- credentials -----------------------------------------------------------------------------------------------------

struct credential_row {
  core::uuid id;
  std::optional<std::int64_t> status;
  core::timestamp changed{};
  bool audited = false; ///< or the retention may have deleted its audit rows
};

outcome<std::vector<credential_row>> read_credentials(connection& db, const consistency_settings& settings,
                                                      core::revoked_kind kind, const core::uuid& after) {
  static const auto texts = for_each_credential_table([](std::string_view table) {
    return "SELECT id, status, COALESCE(updated_at, created_at), COALESCE(updated_at, created_at) < "
           + std::string{database_now}
           + " - ? OR EXISTS (SELECT 1 FROM credential_audit WHERE credential_id = id) FROM " + std::string{table}
           + " WHERE id > ? ORDER BY id LIMIT ?";
  });
  static constexpr std::array columns{uuid_column, integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(texts[static_cast<std::size_t>(kind)], columns));
  select->bind(0, settings.audit_retention.count());
  select->bind(1, after.bytes);
  select->bind(2, std::int64_t{settings.page});
  std::vector<credential_row> page;
  const auto read = read_rows(*select, [&](const statement& row) {
    credential_row credential{read_uuid(row.bytes(0)), std::nullopt, read_time(row, 2), row.integer(3) != 0};
    if (!row.is_null(1))
      credential.status = row.integer(1);
    page.push_back(credential);
  });
  CM_TRY_VOID(read);
  return page;
}

outcome<void> check_row(const credential_row& row, std::string_view table, const consistency_listener& listener) {
  if (!row.status || !is_known(*row.status)) {
    const auto status = row.status ? std::to_string(*row.status) : std::string{"NULL"};
    CM_TRY_VOID(listener.found(finding(inconsistency::unknown_status, table, row.id,
                                       "its status is " + status + ", which CM does not know", row.changed)));
  }
  if (row.audited)
    return {};
  return listener.found(finding(inconsistency::missing_audit, table, row.id,
                                "it has no audit row, and is too young for them to be deleted", row.changed));
}

outcome<void> check_table(connection& db, const consistency_settings& settings, core::revoked_kind kind,
                          const consistency_listener& listener) {
  core::uuid after;
  const auto table = table_name(kind);
  consistency_progress progress{table};
  for (;;) {
    CM_TRY(const auto& page, read_credentials(db, settings, kind, after));
    for (const auto& row : page)
      CM_TRY_VOID(check_row(row, table, listener));
    progress.rows += page.size();
    if (listener.progressed)
      listener.progressed(progress);
    if (page.size() < settings.page)
      return {};
    after = page.back().id;
  }
}

// -- outbox ----------------------------------------------------------------------------------------------------------

struct outbox_row {
  std::int64_t sequence = 0;
  core::timestamp lease_until{};
  std::optional<core::timestamp> revoked_at; ///< empty: there is no revocation
  bool stuck = false;
};

outcome<std::vector<outbox_row>> read_outbox(connection& db, const consistency_settings& settings, std::int64_t after) {
  static const std::string text =
    "SELECT o.seq, o.lease_until, r.at, o.lease_until < " + std::string{database_now} + " - "
    + std::to_string(stuck_after.count())
    + " FROM event_outbox AS o LEFT JOIN revocation AS r ON r.seq = o.seq WHERE o.seq > ? "
      "ORDER BY o.seq LIMIT ?";
  static constexpr std::array columns{integer_column, integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, after);
  select->bind(1, std::int64_t{settings.page});
  std::vector<outbox_row> page;
  const auto read = read_rows(*select, [&](const statement& row) {
    page.push_back({row.integer(0), read_time(row, 1), read_optional_time(row, 2), row.integer(3) != 0});
  });
  CM_TRY_VOID(read);
  return page;
}

outcome<void> check_event(const outbox_row& row, const consistency_listener& listener) {
  const auto id = std::to_string(row.sequence);
  if (!row.revoked_at)
    return listener.found({inconsistency::orphan_event, "event_outbox", id,
                           "there is no revocation with this number: nothing can be sent", std::nullopt});
  if (row.stuck)
    return listener.found({inconsistency::stuck_event, "event_outbox", id,
                           "it waits to be sent, and no replica has claimed it for more than an hour",
                           row.lease_until});
  return {};
}

outcome<void> check_outbox(connection& db, const consistency_settings& settings, const consistency_listener& listener) {
  std::int64_t after = -1;
  consistency_progress progress{"event_outbox"};
  for (;;) {
    CM_TRY(const auto& page, read_outbox(db, settings, after));
    for (const auto& row : page)
      CM_TRY_VOID(check_event(row, listener));
    progress.rows += page.size();
    if (listener.progressed)
      listener.progressed(progress);
    if (page.size() < settings.page)
      return {};
    after = page.back().sequence;
  }
}

} // namespace

std::string_view to_string(inconsistency kind) noexcept {
  switch (kind) {
  case inconsistency::missing_revocation:
    return "missing-revocation";
  case inconsistency::status_mismatch:
    return "status-mismatch";
  case inconsistency::missing_row:
    return "missing-row";
  case inconsistency::unknown_status:
    return "unknown-status";
  case inconsistency::missing_audit:
    return "missing-audit";
  case inconsistency::orphan_event:
    return "orphan-event";
  case inconsistency::stuck_event:
    break;
  }
  return "stuck-event";
}

outcome<void> check_consistency(connection& db, const consistency_settings& settings,
                                const consistency_listener& listener) {
  if (settings.page == 0 || settings.page > max_page)
    return invalid("a page of none or more than 1000");
  CM_TRY_VOID(check_trail(db, settings, listener));
  for (const auto kind : {core::revoked_kind::endpoint_tokens, core::revoked_kind::basic, core::revoked_kind::x509})
    CM_TRY_VOID(check_table(db, settings, kind, listener));
  return check_outbox(db, settings, listener);
}

} // namespace cm::storage
