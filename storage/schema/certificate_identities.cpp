#include "storage/schema/certificate_identities.hpp"

#include "core/certificates/distinguished_name.hpp"
#include "storage/sql/rows.hpp"
#include "storage/sql/size_class.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>

namespace cm::storage {

namespace {

constexpr std::size_t page_size = 64;
constexpr std::size_t max_text = 65'535; // of a TEXT

struct unidentified {
  core::uuid id;
  core::credential_status status = core::credential_status::unknown;
  hash_bytes identity{};
};

std::optional<hash_bytes> identity_of(std::string_view issuer, std::string_view serial) {
  auto name = core::read_distinguished_name(issuer);
  if (!name) // it was not written by CM
    name = core::distinguished_name_of(std::string{issuer});
  if (!name->identity)
    return std::nullopt; // a '+' in a value
  return core::subject_hash(*name->identity, serial);
}

struct page {
  std::vector<unidentified> rows;
  core::uuid last;
  std::size_t read = 0;
};

outcome<page> read_page(connection& db, const core::uuid& after) {
  static const std::string text = "SELECT id, status, issuer, serial FROM x509_credential FORCE INDEX (PRIMARY) WHERE "
                                  "id > ? AND identity_hash IS NULL AND LOCATE('+', issuer) > 0 ORDER BY id LIMIT "
                                  + std::to_string(page_size);
  static constexpr std::array<column, 4> columns{
    uuid_column, integer_column, {column_kind::text, max_text}, {column_kind::text, max_text}};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, after.bytes);
  page found;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) {
    found.last = read_uuid(row.bytes(0));
    ++found.read;
    if (const auto identity = identity_of(row.text(2), row.text(3)))
      found.rows.push_back({found.last, read_status(row, 1), *identity});
  }));
  return found;
}

outcome<void> write(connection& db, std::span<const unidentified> rows) {
  static const auto texts = [] {
    statement_set set;
    for (std::size_t i = 0; i < set.size(); ++i) {
      std::string cases;
      for (std::size_t item = 0; item < size_classes[i]; ++item)
        cases += " WHEN ? THEN ?";
      set[i] = "UPDATE x509_credential SET identity_hash = CASE id" + cases + " END WHERE id IN ("
               + repeated("?", size_classes[i]) + ") AND identity_hash IS NULL";
    }
    return set;
  }();
  const auto size_class = class_holding(rows.size());
  CM_TRY(auto* const update, db.prepared(texts[size_class]));
  const auto size = size_classes[size_class];
  for (std::size_t i = 0; i < size; ++i) {
    const auto& row = rows[std::min(i, rows.size() - 1)];
    update->bind(2 * i, row.id.bytes);
    update->bind(2 * i + 1, row.identity);
    update->bind(2 * size + i, row.id.bytes);
  }
  return update->execute();
}

bool is_duplicate(const outcome<void>& written) {
  return !written && written.error().error.code == core::errc::conflict;
}

outcome<void> note_duplicate(connection& db, const unidentified& row, duplicate_certificates& found) {
  static const std::string text = "SELECT id, status FROM x509_credential WHERE identity_hash = ?";
  static constexpr std::array<column, 2> columns{uuid_column, integer_column};
  ++found.count;
  if (found.named.size() >= duplicate_certificates::max_named)
    return {};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, row.identity);
  return read_rows(*select, [&](const statement& other) {
    found.named.push_back({read_uuid(other.bytes(0)), read_status(other, 1), row.id, row.status});
  });
}

outcome<void> write_page(connection& db, std::span<const unidentified> rows, duplicate_certificates& found) {
  if (rows.empty())
    return {};
  auto together = write(db, rows);
  if (!is_duplicate(together))
    return together;
  for (const auto& row : rows) {
    auto alone = write(db, {&row, 1});
    if (is_duplicate(alone)) {
      CM_TRY_VOID(note_duplicate(db, row, found));
    } else if (!alone) {
      return alone;
    }
  }
  return {};
}

} // namespace

outcome<duplicate_certificates> fill_certificate_identities(connection& db) {
  duplicate_certificates found;
  core::uuid last{};
  for (;;) {
    CM_TRY(const auto& next, read_page(db, last));
    CM_TRY_VOID(write_page(db, next.rows, found));
    if (next.read < page_size)
      return found;
    last = next.last;
  }
}

} // namespace cm::storage
