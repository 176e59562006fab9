#include "storage/events/audit.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/sql/row_values.hpp"
#include "storage/sql/rows.hpp"

#include <algorithm>

namespace cm::storage {

namespace {

constexpr std::size_t values_per_row = 7;

// Rows per bulk insertion: far below the maximum packet size of the server (16 MiB), however long the texts are.
constexpr std::size_t max_rows = 1000;

constexpr const char* record_fields = "at, from_status, to_status, channel, actor, correlation_id, seq";

constexpr std::array<column, 7> record_columns{{
  integer_column,
  integer_column,
  integer_column,
  integer_column,
  {column_kind::text, varchar_bytes},
  {column_kind::text, varchar_bytes},
  integer_column,
}};

// `first` is the index of the time column.
core::audit_record read_record(const statement& row, std::size_t first = 0) {
  core::audit_record record;
  record.at = read_time(row, first);
  record.from = read_optional_status(row, first + 1);
  record.to = read_optional_status(row, first + 2);
  record.how = static_cast<core::channel>(row.integer(first + 3));
  record.actor = row.text(first + 4);
  record.correlation_id = row.text(first + 5);
  return record;
}

} // namespace

std::string audit_text(std::string_view text) {
  std::string kept;
  kept.reserve(std::min(text.size(), max_audit_text));
  std::size_t position = 0;
  while (position < text.size()) {
    std::size_t next = position;
    const bool valid = core::next_code_point(text, next) != core::malformed;
    const auto character = valid ? text.substr(position, next - position) : "?";
    if (kept.size() + character.size() > max_audit_text)
      break;
    kept += character;
    position += character.size();
  }
  return kept;
}

change_mark mark_of(core::timestamp at, const core::change_origin& origin) {
  return {at, origin.how, audit_text(origin.actor), audit_text(origin.correlation_id)};
}

audit_entry entry_of(const core::uuid& credential, const change_mark& mark, std::optional<core::credential_status> from,
                     std::optional<core::credential_status> to) {
  return {credential, mark.at, from, to, mark.how, mark.actor, mark.correlation_id};
}

std::size_t bind_audit(statement& to, std::size_t first, const audit_entry& entry) {
  to.bind(first, entry.credential.bytes);
  bind_time(to, first + 1, entry.at);
  bind_optional_status(to, first + 2, entry.from);
  bind_optional_status(to, first + 3, entry.to);
  to.bind(first + 4, static_cast<std::int64_t>(entry.how));
  to.bind(first + 5, entry.actor);
  to.bind(first + 6, entry.correlation_id);
  return first + values_per_row;
}

outcome<void> append_audit(connection& db, std::span<const audit_entry> entries) {
  static const std::string text{audit_insertion};
  while (!entries.empty()) {
    const auto chunk = entries.first(std::min(entries.size(), max_rows));
    CM_TRY(auto* const insert, db.prepared(text));
    row_values rows{values_per_row, chunk.size()};
    for (const auto& entry : chunk) {
      rows.add(entry.credential.bytes);
      rows.add(entry.at);
      rows.add(entry.from);
      rows.add(entry.to);
      rows.add(static_cast<std::int64_t>(entry.how));
      rows.add(entry.actor);
      rows.add(entry.correlation_id);
    }
    CM_TRY_VOID(insert->execute(rows));
    entries = entries.subspan(chunk.size());
  }
  return {};
}

outcome<std::optional<core::audit_record>> find_change(connection& db, const core::uuid& credential,
                                                       const change_mark& mark,
                                                       const std::function<bool(const core::audit_record&)>& is_it) {
  // The inner SELECT uses the key of the credential; its LIMIT bounds the number of rows that are read.
  static const std::string text = "SELECT " + std::string{record_fields} + " FROM (SELECT " + record_fields
                                  + " FROM credential_audit WHERE credential_id = ? ORDER BY seq DESC LIMIT 1000) AS "
                                    "newest WHERE at = ? AND channel = ? AND correlation_id = ? ORDER BY seq DESC";
  CM_TRY(auto* const select, db.prepared(text, record_columns));
  select->bind(0, credential.bytes);
  bind_time(*select, 1, mark.at);
  select->bind(2, static_cast<std::int64_t>(mark.how));
  select->bind(3, mark.correlation_id);
  std::optional<core::audit_record> found;
  const auto read = read_rows(*select, [&](const statement& row) {
    auto record = read_record(row);
    if (!found && record.correlation_id == mark.correlation_id && is_it(record))
      found = std::move(record);
  });
  CM_TRY_VOID(read);
  return found;
}

outcome<std::vector<core::uuid>> audited(connection& db, std::span<const core::uuid> credentials) {
  static const auto texts =
    statement_texts("SELECT DISTINCT credential_id FROM credential_audit WHERE credential_id IN (", "?", ")");
  static constexpr std::array columns{uuid_column};
  std::vector<core::uuid> found;
  CM_TRY_VOID(read_by_id(db, texts, columns, credentials,
                         [&](const statement& row) { found.push_back(read_uuid(row.bytes(0))); }));
  return found;
}

outcome<history_page> read_history(connection& db, const core::uuid& credential, std::uint64_t offset,
                                   std::uint32_t limit) {
  static constexpr std::array<std::string_view, 1> order{"seq"};
  static const auto text = page_text(record_fields, "FROM credential_audit WHERE credential_id = ?", order, false);
  static constexpr auto columns = joined(std::array{integer_column}, record_columns);
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, credential.bytes);
  select->bind(1, credential.bytes);
  bind_page(*select, 2, limit, offset);
  history_page page;
  const auto read = read_rows(*select, [&](const statement& row) {
    page.total = static_cast<std::uint64_t>(row.integer(0));
    if (!row.is_null(1))
      page.items.push_back(read_record(row, 1));
  });
  CM_TRY_VOID(read);
  return page;
}

} // namespace cm::storage
