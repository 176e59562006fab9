#include "storage/schema/hash_key_record.hpp"

#include "core/base/try.hpp"
#include "storage/sql/rows.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace cm::storage {

namespace {

struct record {
  std::optional<std::string> fingerprint;
  bool has_tokens = false; ///< whether the database has any
};

outcome<record> read_record(connection& db) {
  CM_TRY(const auto& rows,
         db.query("SELECT (SELECT fingerprint FROM token_hash_key WHERE id = 1), EXISTS (SELECT 1 FROM "
                  "endpoint_token)"));
  return record{rows.at(0).at(0), rows.at(0).at(1) == "1"};
}

outcome<void> write(connection& db, const std::string& text, const core::token_hash& fingerprint) {
  CM_TRY(auto* const prepared, db.prepared(text));
  prepared->bind(0, fingerprint);
  return prepared->execute();
}

// If another process has recorded its key first, that record stays.
outcome<void> insert_record(connection& db, const core::token_hash& fingerprint) {
  static const std::string text =
    "INSERT IGNORE INTO token_hash_key (id, fingerprint, recorded_at) VALUES (1, ?, " + std::string{database_now} + ")";
  return write(db, text, fingerprint);
}

// Waits for concurrent insertions of tokens: they hold a shared lock on the row.
outcome<void> replace_unused_record(connection& db, const core::token_hash& fingerprint) {
  static const std::string text =
    "UPDATE token_hash_key SET fingerprint = ?, recorded_at = " + std::string{database_now}
    + " WHERE id = 1 AND recorded_at < " + std::string{database_now} + " - " + std::to_string(hash_key_lease.count())
    + " AND NOT EXISTS (SELECT 1 FROM endpoint_token)";
  return write(db, text, fingerprint);
}

// Renews the lease of the record.
outcome<void> confirm_record(connection& db, const core::token_hash& fingerprint) {
  static const std::string text =
    "UPDATE token_hash_key SET recorded_at = " + std::string{database_now} + " WHERE id = 1 AND fingerprint = ?";
  return write(db, text, fingerprint);
}

bool same(const std::optional<std::string>& recorded, const core::token_hash& fingerprint) {
  return recorded
         && std::equal(recorded->begin(), recorded->end(), fingerprint.begin(), fingerprint.end(),
                       [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

} // namespace

outcome<bool> hash_key_agrees(connection& db, const core::token_hash& fingerprint) {
  CM_TRY(const auto& found, read_record(db));
  if (same(found.fingerprint, fingerprint)) {
    if (!found.has_tokens)
      CM_TRY_VOID(confirm_record(db, fingerprint));
    return true;
  }
  if (found.has_tokens && found.fingerprint)
    return false;
  CM_TRY_VOID(found.fingerprint ? replace_unused_record(db, fingerprint) : insert_record(db, fingerprint));
  CM_TRY(const auto& written, read_record(db));
  return same(written.fingerprint, fingerprint);
}

outcome<kept_hash_key> apply(connection& db, const keep_hash_key& /*request*/, const attempt& how) {
  kept_hash_key kept;
  if (!how.hash_key)
    return kept;
  CM_TRY(const auto& found, read_record(db));
  kept.has_tokens = found.has_tokens;
  if (!same(found.fingerprint, *how.hash_key))
    return failure{error_class::schema, unavailable_error("the database records another token-hash key by now"), 0};
  if (!kept.has_tokens)
    CM_TRY_VOID(confirm_record(db, *how.hash_key));
  return kept;
}

} // namespace cm::storage
