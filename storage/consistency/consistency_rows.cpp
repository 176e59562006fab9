#include "storage/consistency/consistency_rows.hpp"

#include "core/base/try.hpp"
#include "storage/sql/rows.hpp"

namespace cm::storage {

namespace {

// The last change that determines whether the credential is usable, even if it made it usable.
outcome<std::optional<revoking_change>> read_deciding_change(connection& db, const core::uuid& credential,
                                                             std::chrono::milliseconds retention) {
  // Skips Suspended to Revoked, changes of a password, and creations in an unusable status: consumers need no
  // notification of them.
  static const std::string text =
    "SELECT a.at, a.from_status, a.to_status, a.correlation_id, a.at >= " + std::string{database_now}
    + " - ?, EXISTS (SELECT 1 FROM revocation AS r FORCE INDEX (operation) WHERE r.at = a.at AND r.correlation_id = "
      "a.correlation_id AND LOCATE(a.credential_id, r.ids) > 0) FROM credential_audit AS a FORCE INDEX (credential) "
      "WHERE a.credential_id = ? AND (a.to_status IS NULL OR a.to_status IN (0, 1) OR a.from_status IN (0, 1)) "
      "ORDER BY a.seq DESC LIMIT 1";
  static constexpr std::array<column, 6> columns{{
    integer_column,
    integer_column,
    integer_column,
    {column_kind::text, varchar_bytes},
    integer_column,
    integer_column,
  }};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, retention.count());
  select->bind(1, credential.bytes);
  std::optional<revoking_change> change;
  const auto read = read_rows(*select, [&](const statement& row) {
    change.emplace();
    change->at = read_time(row, 0);
    change->from = read_optional_status(row, 1);
    change->to = read_optional_status(row, 2);
    change->correlation_id = row.text(3);
    change->recent = row.integer(4) != 0;
    change->published = row.integer(5) != 0;
  });
  CM_TRY_VOID(read);
  return change;
}

// The change that is visible only in the row; empty if the credential is usable.
outcome<std::optional<revoking_change>> read_unrecorded_change(connection& db, const core::uuid& credential,
                                                               core::revoked_kind kind,
                                                               std::chrono::milliseconds retention) {
  static const auto texts = for_each_credential_table([](std::string_view table) {
    return "SELECT c.at, c.status, c.at >= " + std::string{database_now}
           + " - ?, EXISTS (SELECT 1 FROM revocation AS r FORCE INDEX (operation) WHERE r.at = c.at AND LOCATE(c.id, "
             "r.ids) > 0) FROM (SELECT id, status, COALESCE(updated_at, created_at) AS at FROM "
           + std::string{table} + " WHERE id = ? AND status IN (2, 3)) AS c";
  });
  static constexpr std::array columns{integer_column, integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(texts[static_cast<std::size_t>(kind)], columns));
  select->bind(0, retention.count());
  select->bind(1, credential.bytes);
  std::optional<revoking_change> change;
  const auto read = read_rows(*select, [&](const statement& row) {
    change.emplace();
    change->at = read_time(row, 0);
    change->to = read_optional_status(row, 1);
    change->correlation_id = unknown_correlation_id;
    change->recorded = false;
    change->recent = row.integer(2) != 0;
    change->published = row.integer(3) != 0;
  });
  CM_TRY_VOID(read);
  return change;
}

} // namespace

outcome<std::optional<revoking_change>> read_revoking_change(connection& db, const core::uuid& credential,
                                                             std::optional<core::revoked_kind> kind,
                                                             std::chrono::milliseconds retention) {
  auto change = read_deciding_change(db, credential, retention);
  if (!change || !*change)
    return change;
  const auto was = (*change)->to;
  if (!was || !core::valid_for_use(*was))
    return change;
  if (!kind)
    return std::optional<revoking_change>{};
  change = read_unrecorded_change(db, credential, *kind, retention);
  if (change && *change)
    (*change)->from = was;
  return change;
}

} // namespace cm::storage
