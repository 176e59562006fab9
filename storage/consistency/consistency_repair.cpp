#include "storage/consistency/consistency_repair.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/consistency/consistency_rows.hpp"
#include "storage/events/audit.hpp"
#include "storage/events/revocation_log.hpp"
#include "storage/sql/transaction.hpp"

#include <utility>

namespace cm::storage {

namespace {

using outcome_kind = repair_result::outcome_kind;

/// A credential's row, locked until the transaction ends.
struct locked_credential {
  std::optional<core::revoked_kind> kind; ///< empty: there is no row
  std::optional<std::int64_t> status;
  std::string application; ///< of endpoint tokens
  std::string endpoint_id;
};

outcome<locked_credential> lock_credential(connection& db, const core::uuid& id) {
  static const std::array<std::string, 3> texts{
    "SELECT status, application, endpoint_id FROM endpoint_token WHERE id = ? FOR UPDATE",
    "SELECT status, '', '' FROM basic_credential WHERE id = ? FOR UPDATE",
    "SELECT status, '', '' FROM x509_credential WHERE id = ? FOR UPDATE",
  };
  static constexpr std::array<column, 3> columns{{
    integer_column,
    {column_kind::text, core::max_identifier_length},
    {column_kind::text, core::max_identifier_length},
  }};
  locked_credential found;
  for (std::size_t i = 0; i < texts.size() && !found.kind; ++i) {
    CM_TRY(auto* const select, db.prepared(texts[i], columns));
    select->bind(0, id.bytes);
    const auto read = read_rows(*select, [&](const statement& row) {
      found.kind = static_cast<core::revoked_kind>(i);
      if (!row.is_null(0))
        found.status = row.integer(0);
      found.application = row.text(1);
      found.endpoint_id = row.text(2);
    });
    CM_TRY_VOID(read);
  }
  return found;
}

// Serialises repairs of a credential without a row.
outcome<void> lock_last_audit_row(connection& db, const core::uuid& id) {
  static const std::string text = "SELECT seq FROM credential_audit FORCE INDEX (credential) WHERE credential_id = ? "
                                  "ORDER BY seq DESC LIMIT 1 FOR UPDATE";
  static constexpr std::array columns{integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, id.bytes);
  return read_rows(*select, [](const statement&) {});
}

/// What is known about a deleted credential.
struct former_credential {
  std::optional<core::revoked_kind> kind;
  std::string application;
  std::string endpoint_id;
};

// From an earlier revocation of it. A revocation belongs to the audit row with the same time and correlation ID.
outcome<former_credential> find_earlier_revocation(connection& db, const core::uuid& id) {
  static const std::string text =
    "SELECT r.kind, r.application, r.endpoint_id FROM credential_audit AS a FORCE INDEX (credential) "
    "JOIN revocation AS r FORCE INDEX (operation) ON r.at = a.at AND r.correlation_id = a.correlation_id "
    "AND LOCATE(a.credential_id, r.ids) > 0 WHERE a.credential_id = ? ORDER BY r.seq DESC LIMIT 1";
  static constexpr std::array<column, 3> columns{{
    integer_column,
    {column_kind::text, core::max_identifier_length},
    {column_kind::text, core::max_identifier_length},
  }};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, id.bytes);
  former_credential found;
  const auto read = read_rows(*select, [&](const statement& row) {
    found.kind = static_cast<core::revoked_kind>(row.integer(0));
    found.application = row.text(1);
    found.endpoint_id = row.text(2);
  });
  CM_TRY_VOID(read);
  return found;
}

// From its audit rows: only tokens are imported or deleted with their endpoint, and only a change of a password keeps
// the status.
outcome<std::optional<core::revoked_kind>> guess_kind(connection& db, const core::uuid& id) {
  static const std::string text =
    "SELECT COALESCE(MAX(channel IN (" + std::to_string(static_cast<int>(core::channel::elce)) + ", "
    + std::to_string(static_cast<int>(core::channel::import))
    + ")), 0), COALESCE(MAX(from_status = to_status), 0) FROM credential_audit FORCE INDEX (credential) "
      "WHERE credential_id = ?";
  static constexpr std::array columns{integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, id.bytes);
  std::optional<core::revoked_kind> kind;
  const auto read = read_rows(*select, [&](const statement& row) {
    if (row.integer(0) != 0)
      kind = core::revoked_kind::endpoint_tokens;
    else if (row.integer(1) != 0)
      kind = core::revoked_kind::basic;
  });
  CM_TRY_VOID(read);
  return kind;
}

outcome<std::vector<core::revocation>>
missing_revocations(connection& db, const core::uuid& id, const locked_credential& row, const revoking_change& change) {
  core::revocation lost;
  lost.ids = {id};
  lost.to = change.to;
  lost.correlation_id = change.correlation_id;
  lost.at = change.at;
  former_credential known{row.kind, row.application, row.endpoint_id};
  if (!known.kind) {
    CM_TRY(auto&& earlier, find_earlier_revocation(db, id));
    known = std::move(earlier);
  }
  if (!known.kind) {
    CM_TRY(const auto kind, guess_kind(db, id));
    known.kind = kind;
  }
  lost.kind = known.kind.value_or(core::revoked_kind::endpoint_tokens);
  lost.application = known.application;
  lost.endpoint_id = known.endpoint_id;
  std::vector<core::revocation> all{lost};
  if (!known.kind) {
    lost.kind = core::revoked_kind::basic;
    all.push_back(std::move(lost));
  }
  return all;
}

// Whether the row still has the state that the change has left.
bool agrees(const locked_credential& row, const revoking_change& change) {
  if (!change.to)
    return !row.kind;
  return row.kind && row.status && *row.status < static_cast<std::int64_t>(core::credential_status_count)
         && !core::valid_for_use(static_cast<core::credential_status>(*row.status));
}

std::string describe(const std::vector<core::revocation>& written) {
  std::string text;
  for (const auto& item : written)
    text += (text.empty() ? "revocation " : ", revocation ") + std::to_string(item.sequence);
  text += written.size() == 1 ? " and its outbox row were written" : " and their outbox rows were written";
  if (written.size() > 1)
    text += " (it is not known whether it was a token or a client credential)";
  else if (written.front().kind == core::revoked_kind::endpoint_tokens && written.front().endpoint_id.empty())
    text += " (application and endpoint are not known any more)";
  return text;
}

outcome<repair_result> add_revocation(connection& db, const consistency_settings& settings, const core::uuid& id) {
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(const auto& row, lock_credential(db, id));
  CM_TRY_VOID(lock_last_audit_row(db, id));
  CM_TRY(const auto& change, read_revoking_change(db, id, row.kind, settings.revocations_retention));
  if (!change || change->published || !change->recent || !agrees(row, *change))
    return repair_result{outcome_kind::vanished, "it is in order now"};
  CM_TRY(auto&& lost, missing_revocations(db, id, row, *change));
  CM_TRY_VOID(append_revocations(db, lost));
  CM_TRY_VOID(begun.commit());
  return repair_result{outcome_kind::repaired, describe(lost)};
}

outcome<repair_result> remove_orphan(connection& db, std::int64_t sequence) {
  static const std::string text =
    "DELETE FROM event_outbox WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.seq = ?)";
  CM_TRY(auto* const erase, db.prepared(text));
  erase->bind(0, sequence);
  erase->bind(1, sequence);
  CM_TRY_VOID(erase->execute());
  if (erase->affected_rows() == 0)
    return repair_result{outcome_kind::vanished, "it is in order now"};
  return repair_result{outcome_kind::repaired, "the outbox row was deleted"};
}

outcome<repair_result> repair_once(connection& db, const consistency_settings& settings,
                                   const inconsistent_row& found) {
  if (found.kind == inconsistency::missing_revocation) {
    const auto id = core::parse_uuid(found.id);
    if (!id)
      return invalid("no credential's ID");
    return add_revocation(db, settings, *id);
  }
  if (found.kind == inconsistency::orphan_event) {
    const auto sequence = core::parse_number<std::int64_t>(found.id);
    if (!sequence)
      return invalid("no number of an outbox row");
    return remove_orphan(db, *sequence);
  }
  return repair_result{outcome_kind::manual, "not repaired: see the runbook"};
}

} // namespace

outcome<repair_result> repair(connection& db, const consistency_settings& settings, const inconsistent_row& found) {
  constexpr int max_attempts = 4;
  for (int attempt = 1;; ++attempt) {
    auto done = repair_once(db, settings, found);
    if (done)
      return done;
    auto failed = std::move(done).error();
    if (!db.settled())
      failed.kind = error_class::broken;
    if (failed.kind != error_class::retryable || attempt == max_attempts)
      return failed;
  }
}

} // namespace cm::storage
