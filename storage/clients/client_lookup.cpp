// Reads client credentials, without locks.
#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/clients/client_row.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/size_class.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace cm::storage {

outcome<one_client> apply(connection& db, const get_client& request) {
  static const auto texts = for_each_kind(
    [](const client_table& table) { return "SELECT " + table.fields + " FROM " + table.name + " WHERE id = ?"; });
  const auto& table = table_of(request.kind);
  CM_TRY(auto* const select, db.prepared(texts[index_of(request.kind)], table.columns));
  select->bind(0, request.id.bytes);
  std::optional<core::client_credential> found;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { found = read_client(request.kind, row); }));
  if (!found)
    return make_usable_failure(core::errc::not_found, table.missing);
  if (found->status == core::credential_status::unknown)
    return unknown_status();
  return one_client{*std::move(found)};
}

outcome<found_basics> apply(connection& db, const find_basics& request) {
  static const auto texts = statement_texts("SELECT " + table_of(core::client_kind::basic).fields
                                              + ", password_phc FROM basic_credential WHERE username IN (",
                                            "?", ")");
  static constexpr auto columns = joined(basic_columns, std::array{column{column_kind::text, varchar_bytes}});
  if (request.usernames.size() > max_batch)
    return invalid("more than 64 usernames");
  found_basics found;
  found.credentials.resize(request.usernames.size());
  std::vector<std::string_view> wanted;
  for (const auto& username : request.usernames) {
    if (fits_varchar(username)) // else it cannot exist
      wanted.emplace_back(username);
  }
  if (wanted.empty())
    return found;
  const auto size_class = class_holding(wanted.size());
  CM_TRY(auto* const select, db.prepared(texts[size_class], columns));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    select->bind(i, wanted[std::min(i, wanted.size() - 1)]);
  const auto read = read_rows(*select, [&](const statement& row) {
    const auto credential = read_client(core::client_kind::basic, row);
    for (std::size_t i = 0; i < request.usernames.size(); ++i) {
      if (request.usernames[i] != credential.username) // the column has a binary collation without padding
        continue;
      found.credentials[i].credential = credential;
      found.credentials[i].password_phc = core::secret{std::string{row.text(basic_columns.size())}};
    }
  });
  CM_TRY_VOID(read);
  return found;
}

outcome<found_basic> apply(connection& db, const find_basic& request) {
  CM_TRY(auto&& found, apply(db, find_basics{{request.username}}));
  return std::move(found.credentials.front());
}

namespace {

// Of several credentials of one certificate the strictest decides.
int strictness(core::credential_status status) noexcept {
  switch (status) {
  case core::credential_status::inactive:
    return 0;
  case core::credential_status::active:
    return 1;
  case core::credential_status::suspended:
    return 3;
  case core::credential_status::revoked:
    return 4;
  default: // unknown: it admits nobody, and one that is known to be refused is a better answer
    return 2;
  }
}

bool are_valid(const std::vector<find_x509::other_hash>& others, std::size_t limit, std::size_t subjects) {
  return others.size() <= limit
         && std::all_of(others.begin(), others.end(), [&](const auto& other) { return other.index < subjects; });
}

} // namespace

outcome<found_x509> apply(connection& db, const find_x509& request) {
  static const auto texts_by = [](const std::string& hash) {
    return statement_texts("SELECT " + table_of(core::client_kind::x509).fields + ", " + hash
                             + " FROM x509_credential WHERE " + hash + " IN (",
                           "?", ")");
  };
  static const auto by_subject = texts_by("subject_hash");
  static const auto by_identity = texts_by("identity_hash");
  static constexpr auto columns = joined(x509_columns, std::array{hash_column});
  const auto count = request.subjects.size();
  if (count > max_batch || !are_valid(request.other_subjects, max_batch * max_other_subjects, count)
      || !are_valid(request.identities, max_batch, count))
    return invalid("more than 64 certificates, or a hash of no certificate");
  found_x509 found;
  found.credentials.resize(count);
  const auto take = [&](std::size_t index, const statement& row) {
    auto& credential = found.credentials[index];
    auto stored = read_client(core::client_kind::x509, row);
    if (!credential || strictness(credential->status) < strictness(stored.status))
      credential = std::move(stored);
  };
  auto hashes = request.subjects;
  for (const auto& other : request.other_subjects)
    hashes.push_back(other.hash);
  CM_TRY_VOID(read_by_hash(db, by_subject, columns, hashes, [&](std::size_t index, const statement& row) {
    take(index < count ? index : request.other_subjects[index - count].index, row);
  }));
  hashes.clear();
  for (const auto& identity : request.identities)
    hashes.push_back(identity.hash);
  CM_TRY_VOID(read_by_hash(db, by_identity, columns, hashes, [&](std::size_t index, const statement& row) {
    take(request.identities[index].index, row);
  }));
  return found;
}

} // namespace cm::storage
