#include "storage/consistency_rows.hpp"

#include "storage/rows.hpp"

namespace cm::storage {

outcome<std::optional<revoking_change>> read_revoking_change(connection& db, const core::uuid& credential,
                                                             std::chrono::milliseconds retention) {
  // Passed over: Suspended to Revoked, a change of a password, and what was unusable when it was created. They leave
  // as it is what somebody was told before, or should have been.
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
  const auto select = db.prepared(text, columns);
  if (!select)
    return select.error();
  (*select)->bind(0, retention.count());
  (*select)->bind(1, credential.bytes);
  std::optional<revoking_change> change;
  const auto read = read_rows(**select, [&](const statement& row) {
    revoking_change found{read_time(row, 0),        read_optional_status(row, 1), read_optional_status(row, 2),
                          std::string{row.text(3)}, row.integer(4) != 0,          row.integer(5) != 0};
    if (!found.to || !core::valid_for_use(*found.to))
      change = std::move(found);
  });
  if (!read)
    return read.error();
  return change;
}

} // namespace cm::storage
