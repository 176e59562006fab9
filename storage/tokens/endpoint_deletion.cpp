// Deletes all tokens of an endpoint.
#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/events/audit.hpp"
#include "storage/events/revocation_log.hpp"
#include "storage/events/status_change.hpp"
#include "storage/sql/transaction.hpp"
#include "storage/tokens/token_digest.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

#include <map>

namespace cm::storage {

namespace {

// The newest IDs, at most one more than a transaction may delete. Unlocked, because rows must be locked in the order of
// the primary key and this index has another order.
outcome<std::vector<core::uuid>> newest_ids(connection& db, const std::string& endpoint_id) {
  static const std::string text = "SELECT id FROM endpoint_token WHERE endpoint_id = ? ORDER BY created_at DESC, id "
                                  "DESC LIMIT "
                                  + std::to_string(max_event_ids + 1);
  static constexpr std::array columns{uuid_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, endpoint_id);
  std::vector<core::uuid> ids;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { ids.push_back(read_uuid(row.bytes(0))); }));
  return ids;
}

struct victim {
  core::uuid id;
  core::credential_status status = core::credential_status::inactive;
  std::optional<core::timestamp> updated_at;
  std::optional<core::timestamp> first_used_at;
};

// By application, then by ascending ID.
using victims = std::map<std::string, std::vector<victim>>;

// Locks the rows and adds them to `digest`.
outcome<victims> lock_all(connection& db, std::vector<core::uuid> ids, core::token_digest& digest) {
  static const auto texts = statement_texts("SELECT id, status, application, updated_at, first_used_at FROM "
                                            "endpoint_token FORCE INDEX (PRIMARY) WHERE id IN (",
                                            "?", ") ORDER BY id FOR UPDATE");
  static constexpr std::array columns{uuid_column, integer_column,
                                      column{column_kind::text, core::max_identifier_length}, integer_column,
                                      integer_column};
  std::sort(ids.begin(), ids.end());
  victims locked;
  const auto read = read_by_id(db, texts, columns, ids, [&](const statement& row) {
    // Of any status: the row is deleted.
    const victim token{read_uuid(row.bytes(0)), read_status(row, 1), read_optional_time(row, 3),
                       read_optional_time(row, 4)};
    digest.add(token.id, token.status, token.updated_at);
    locked[std::string{row.text(2)}].push_back(token);
  });
  CM_TRY_VOID(read);
  return locked;
}

// The digest of all tokens of the endpoint. Locks them in the order of the index and not of the ID, so a deadlock with
// other commands is possible; the victim is repeated.
outcome<core::token_digest> lock_digest(connection& db, const std::string& endpoint_id) {
  static const std::string text =
    "SELECT " + std::string{digest_fields} + " FROM endpoint_token WHERE endpoint_id = ? FOR UPDATE";
  CM_TRY(auto* const select, db.prepared(text, digest_columns));
  select->bind(0, endpoint_id);
  core::token_digest digest;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { digest = read_digest(row, 0); }));
  return digest;
}

// Whether the precondition held before the latest first uses, one or several. A first use is not a change by an
// operator. First uses are undone from the latest to the earliest, because the client has read the list at some time
// between them.
outcome<bool> permitted_before_uses(const delete_endpoint_tokens& request, const victims& locked,
                                    core::token_digest digest) {
  std::vector<const victim*> used;
  for (const auto& [application, tokens] : locked) {
    for (const auto& token : tokens) {
      if (token.status == core::credential_status::active && token.updated_at
          && token.updated_at == token.first_used_at)
        used.push_back(&token);
    }
  }
  std::sort(used.begin(), used.end(), [](const auto* a, const auto* b) { return *a->updated_at > *b->updated_at; });
  for (std::size_t i = 0; i < used.size(); ++i) {
    const auto& token = *used[i];
    digest.add(token.id, token.status, token.updated_at); // XOR: removes what was added before
    digest.count -= 2;
    digest.add(token.id, core::credential_status::inactive, std::nullopt);
    if (i + 1 < used.size() && used[i + 1]->updated_at == token.updated_at)
      continue; // they were used in one batch
    CM_TRY(const auto may, ask(request.precondition, digest));
    if (may)
      return true;
  }
  return false;
}

// Evaluates the precondition on the digest of all tokens of the endpoint: that of `locked`, unless there are `more`.
outcome<bool> permitted(connection& db, const delete_endpoint_tokens& request, const victims& locked,
                        const core::token_digest& digest, bool more) {
  if (!request.precondition)
    return true;
  if (more) {
    CM_TRY(const auto& all, lock_digest(db, request.endpoint_id));
    return ask(request.precondition, all);
  }
  CM_TRY(const auto may, ask(request.precondition, digest));
  if (may)
    return true;
  return permitted_before_uses(request, locked, digest);
}

outcome<deleted_tokens> delete_locked(connection& db, transaction& within, const delete_endpoint_tokens& request,
                                      const victims& locked, const change_mark& mark, bool more) {
  static const auto texts = statement_texts("DELETE FROM endpoint_token WHERE id IN (", "?", ")");
  std::vector<core::uuid> ids;
  std::vector<audit_entry> entries;
  deleted_tokens deleted;
  for (const auto& [application, tokens] : locked) {
    auto& lost = deleted.events.emplace_back();
    lost.application = application;
    lost.endpoint_id = request.endpoint_id;
    for (const auto& token : tokens) {
      lost.ids.push_back(token.id);
      entries.push_back(entry_of(token.id, mark, token.status, std::nullopt));
    }
    lost = marked(std::move(lost), mark, std::nullopt);
    ids.insert(ids.end(), lost.ids.begin(), lost.ids.end());
  }
  CM_TRY(const auto written, write_by_id(db, texts, ids));
  if (written != ids.size())
    return impossible("locked rows vanished");
  deleted.count = ids.size();
  deleted.more = more;
  CM_TRY_VOID(append_audit(db, entries));
  CM_TRY_VOID(append_revocations(db, deleted.events));
  CM_TRY_VOID(within.commit());
  return deleted;
}

// The tokens that an earlier attempt of the same command has deleted.
outcome<deleted_tokens> deleted_before(connection& db, const delete_endpoint_tokens& request, const change_mark& mark) {
  CM_TRY(auto&& written, revocations_of(db, mark, core::revoked_kind::endpoint_tokens));
  deleted_tokens deleted;
  for (auto& lost : written) {
    if (lost.endpoint_id != request.endpoint_id || lost.to)
      continue;
    deleted.count += lost.ids.size();
    deleted.events.push_back(std::move(lost));
  }
  return deleted;
}

} // namespace

outcome<deleted_tokens> apply(connection& db, const delete_endpoint_tokens& request, const attempt& how) {
  if (!core::is_endpoint_id(request.endpoint_id))
    return invalid("not an endpoint ID");
  const auto mark = mark_of(request.at, request.origin);
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(auto&& ids, newest_ids(db, request.endpoint_id));
  const bool more = ids.size() > max_event_ids;
  if (more)
    ids.resize(max_event_ids);
  core::token_digest digest;
  CM_TRY(const auto& locked, lock_all(db, std::move(ids), digest));
  CM_TRY(const auto may, permitted(db, request, locked, digest, more));
  const bool first_attempt = !how.repeated && !request.repeated;
  if (may && !locked.empty() && first_attempt)
    return delete_locked(db, begun, request, locked, mark, more);
  // The lost attempt may have been committed. Then the existing tokens were created after it and must stay.
  CM_TRY(auto&& earlier, deleted_before(db, request, mark));
  if (may && !locked.empty() && earlier.events.empty())
    return delete_locked(db, begun, request, locked, mark, more);
  CM_TRY_VOID(begun.roll_back());
  if (!may && earlier.events.empty())
    return precondition_failed();
  earlier.more = earlier.count >= max_event_ids && !locked.empty();
  return std::move(earlier);
}

} // namespace cm::storage
