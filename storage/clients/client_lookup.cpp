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

outcome<found_x509> apply(connection& db, const find_x509& request) {
  static const auto texts = statement_texts("SELECT " + table_of(core::client_kind::x509).fields
                                              + ", subject_hash FROM x509_credential WHERE subject_hash IN (",
                                            "?", ")");
  static constexpr auto columns = joined(x509_columns, std::array{hash_column});
  const auto count = request.subjects.size();
  if (count > max_batch || request.former_subjects.size() > max_batch)
    return invalid("more than 64 certificates");
  auto hashes = request.subjects;
  for (const auto& former : request.former_subjects) {
    if (former.index >= count)
      return invalid("a former subject of no certificate");
    hashes.push_back(former.subject);
  }
  found_x509 found;
  found.credentials.resize(count);
  const auto read = read_by_hash(db, texts, columns, hashes, [&](std::size_t index, const statement& row) {
    auto& credential = found.credentials[index < count ? index : request.former_subjects[index - count].index];
    auto stored = read_client(core::client_kind::x509, row);
    if (!credential || !core::valid_for_use(stored.status))
      credential = std::move(stored);
  });
  CM_TRY_VOID(read);
  return found;
}

// -- list ----------------------------------------------------------------------------------------------------------

namespace {

// A condition on a column. Only requested filters are in the SQL text, so that the server can use their index.
struct filter {
  const char* condition;
  const std::string* value;
  const std::string* second_value = nullptr; // if the condition has two parameters
};

std::vector<filter> filters_of(const list_clients& request) {
  std::vector<filter> filters;
  const auto add = [&](const char* condition, const std::optional<std::string>& value) {
    if (value)
      filters.push_back({condition, &*value});
  };
  if (request.kind == core::client_kind::basic) {
    add(" AND username = ?", request.username);
  } else {
    if (request.issuer && request.former_issuer)
      filters.push_back({" AND issuer IN (?,?)", &*request.issuer, &*request.former_issuer});
    else
      add(" AND issuer = ?", request.issuer);
    add(" AND serial = ?", request.serial_number);
  }
  return filters;
}

std::string list_text(const client_table& table, std::span<const filter> filters, bool ascending) {
  static constexpr std::array<std::string_view, 2> order{"created_at", "id"};
  std::string where = "FROM " + table.name + " WHERE status IN (?,?,?,?)";
  for (const auto& item : filters)
    where += item.condition;
  return page_text(table.fields, where, order, ascending);
}

} // namespace

outcome<client_page> apply(connection& db, const list_clients& request) {
  static constexpr std::array<column, 1> total{integer_column};
  static constexpr auto basic_page = joined(total, basic_columns);
  static constexpr auto x509_page = joined(total, x509_columns);
  if (request.limit > max_page)
    return invalid("a page of more than 1000");
  const auto filters = filters_of(request);
  const auto is_text = [](const filter& f) {
    return core::is_utf8(*f.value) && (f.second_value == nullptr || core::is_utf8(*f.second_value));
  };
  if (!std::all_of(filters.begin(), filters.end(), is_text))
    return invalid("a filter that is not UTF-8");
  if (request.serial_number && !request.serial_number->empty() && !is_stored_serial_number(*request.serial_number))
    return invalid("not a serial number");
  const bool basic = request.kind == core::client_kind::basic;
  CM_TRY(auto* const select,
         db.prepared(list_text(table_of(request.kind), filters, request.ascending),
                     basic ? std::span<const column>{basic_page} : std::span<const column>{x509_page}));
  auto& rows = *select;
  std::size_t parameter = 0;
  for (int part = 0; part < 2; ++part) { // the count, then the page
    for (const auto status : wanted_statuses(request.statuses))
      rows.bind(parameter++, status);
    for (const auto& item : filters) {
      rows.bind(parameter++, *item.value);
      if (item.second_value != nullptr)
        rows.bind(parameter++, *item.second_value);
    }
  }
  bind_page(rows, parameter, request.limit, request.offset);
  client_page page;
  const auto read = read_rows(rows, [&](const statement& row) {
    page.total = static_cast<std::uint64_t>(row.integer(0));
    if (!row.is_null(1))
      page.items.push_back(read_client(request.kind, row, 1));
  });
  CM_TRY_VOID(read);
  return page;
}

} // namespace cm::storage
