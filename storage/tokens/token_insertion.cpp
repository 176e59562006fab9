#include "storage/tokens/token_insertion.hpp"

#include "core/base/try.hpp"
#include "storage/schema/hash_key_record.hpp"
#include "storage/sql/row_values.hpp"
#include "storage/sql/rows.hpp"

#include <string>
#include <vector>

namespace cm::storage {

outcome<transaction> begin_insertion(connection& db, const attempt& how) {
  // Not for every insertion, because the verification costs as much as a small one.
  const auto now = std::chrono::steady_clock::now();
  if (!how.hash_key || (db.hash_key_seen() && now - *db.hash_key_seen() < hash_key_trust))
    return transaction::begin(db);
  static const std::string text =
    opening_block("IF NOT EXISTS (SELECT id FROM token_hash_key WHERE id = 1 AND fingerprint = ? LOCK IN SHARE MODE) "
                  "THEN SIGNAL SQLSTATE '45000'; END IF; ");
  CM_TRY(auto* const block, db.prepared(text));
  block->bind(0, *how.hash_key);
  auto begun = transaction::begin_with(db, *block);
  if (!begun && begun.error().number == signaled)
    return failure{error_class::schema,
                   unavailable_error("the tokens of this database are stored under another key by now"), signaled};
  if (begun)
    db.hash_key_seen(now);
  return begun;
}

outcome<void> insert_with_audit(connection& db, std::span<const new_token> tokens) {
  static const std::string text = "INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                                  "created_at) VALUES (?,?,?,?,?,?)";
  constexpr std::size_t columns = 6;
  CM_TRY(auto* const insert, db.prepared(text));
  row_values rows{columns, tokens.size()};
  std::vector<audit_entry> entries;
  entries.reserve(tokens.size());
  for (const auto& token : tokens) {
    rows.add(token.id->bytes);
    rows.add(*token.hash);
    rows.add(token.application);
    rows.add(token.endpoint_id);
    rows.add(number(token.status));
    rows.add(token.mark->at);
    entries.push_back(entry_of(*token.id, *token.mark, std::nullopt, token.status));
  }
  CM_TRY_VOID(insert->execute(rows));
  return append_audit(db, entries);
}

} // namespace cm::storage
