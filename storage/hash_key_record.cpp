#include "storage/hash_key_record.hpp"

#include "storage/rows.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace cm::storage {

namespace {

outcome<std::optional<std::string>> read_record(connection& db) {
  const auto rows = db.query("SELECT fingerprint FROM token_hash_key WHERE id = 1");
  if (!rows)
    return rows.error();
  return rows->empty() ? std::nullopt : rows->front().at(0);
}

/// `recorded`: there is a record, of another key. It stays where the database has tokens.
outcome<void> write_record(connection& db, const core::token_hash& fingerprint, bool recorded) {
  // Another process may be quicker, with another key: then its record stays.
  static const std::string insert =
    "INSERT IGNORE INTO token_hash_key (id, fingerprint, recorded_at) VALUES (1, ?, " + std::string{database_now} + ")";
  static const std::string replace = "UPDATE token_hash_key SET recorded_at = " + std::string{database_now}
                                     + ", fingerprint = ? WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM endpoint_token)";
  const auto write = db.prepared(recorded ? replace : insert);
  if (!write)
    return write.error();
  (*write)->bind(0, fingerprint);
  return (*write)->execute();
}

bool same(const std::optional<std::string>& recorded, const core::token_hash& fingerprint) {
  return recorded
         && std::equal(recorded->begin(), recorded->end(), fingerprint.begin(), fingerprint.end(),
                       [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

} // namespace

outcome<bool> hash_key_agrees(connection& db, const core::token_hash& fingerprint) {
  auto recorded = read_record(db);
  if (!recorded)
    return recorded.error();
  if (same(*recorded, fingerprint))
    return true;
  if (const auto written = write_record(db, fingerprint, recorded->has_value()); !written)
    return written.error();
  recorded = read_record(db);
  if (!recorded)
    return recorded.error();
  return same(*recorded, fingerprint);
}

} // namespace cm::storage
