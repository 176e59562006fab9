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

outcome<void> insert_record(connection& db, const core::token_hash& fingerprint) {
  // Another process may be quicker, with another key: then its record stays.
  static const std::string text =
    "INSERT IGNORE INTO token_hash_key (id, fingerprint, recorded_at) VALUES (1, ?, " + std::string{database_now} + ")";
  const auto insert = db.prepared(text);
  if (!insert)
    return insert.error();
  (*insert)->bind(0, fingerprint);
  return (*insert)->execute();
}

outcome<void> replace_record(connection& db, const core::token_hash& fingerprint) {
  static const std::string text = "UPDATE token_hash_key SET recorded_at = " + std::string{database_now}
                                  + ", fingerprint = ? WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM endpoint_token)";
  const auto update = db.prepared(text);
  if (!update)
    return update.error();
  (*update)->bind(0, fingerprint);
  return (*update)->execute();
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
  if (const auto written = *recorded ? replace_record(db, fingerprint) : insert_record(db, fingerprint); !written)
    return written.error();
  recorded = read_record(db);
  if (!recorded)
    return recorded.error();
  return same(*recorded, fingerprint);
}

} // namespace cm::storage
