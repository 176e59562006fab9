// Reads tokens, without locks.
#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/events/audit.hpp"
#include "storage/tokens/token_digest.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

#include <algorithm>
#include <unordered_map>

namespace cm::storage {

core::endpoint_token read_token(const statement& row, std::size_t first) {
  core::endpoint_token token;
  token.id = read_uuid(row.bytes(first));
  token.application = row.text(first + 1);
  token.endpoint_id = row.text(first + 2);
  token.status = read_status(row, first + 3, token_table_name, token.id);
  token.created_at = read_time(row, first + 4);
  token.updated_at = read_optional_time(row, first + 5);
  return token;
}

const statement_set& tokens_by_hash() {
  static const auto texts = statement_texts(
    "SELECT " + std::string{token_fields} + ", token_hash FROM endpoint_token WHERE token_hash IN (", "?", ")");
  return texts;
}

namespace {

outcome<core::endpoint_token> read_one(connection& db, const token_address& which) {
  static const std::string text = "SELECT " + std::string{token_fields} + " FROM endpoint_token WHERE id = ?";
  CM_TRY(auto* const select, db.prepared(text, token_columns));
  select->bind(0, which.id.bytes);
  std::optional<core::endpoint_token> token;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { token = read_token(row); }));
  if (!token || token->endpoint_id != which.endpoint_id)
    return make_usable_failure(core::errc::not_found, "No such token");
  return *std::move(token);
}

std::string wrong_with(const list_tokens& request) {
  if (!core::is_endpoint_id(request.endpoint_id))
    return "not an endpoint ID";
  return request.limit > max_page ? "a page of more than 1000" : "";
}

constexpr std::array<std::string_view, 2> list_order{"created_at", "id"};
constexpr const char* list_where = "FROM endpoint_token WHERE endpoint_id = ? AND status IN (?,?,?,?)";

// Page, total and digest in one statement, so that they are consistent. The total and the digest are computed over all
// tokens of the endpoint in one pass.
outcome<token_page> read_counted(connection& db, const list_tokens& request) {
  static const std::string aggregates = "SELECT CAST(IFNULL(SUM(status IN (?,?,?,?)), 0) AS SIGNED) AS total, "
                                        + std::string{digest_fields} + " FROM endpoint_token WHERE endpoint_id = ?";
  static const std::array<std::string, 2> texts{page_text_with(aggregates, token_fields, list_where, list_order, false),
                                                page_text_with(aggregates, token_fields, list_where, list_order, true)};
  constexpr std::size_t first_item = 1 + digest_columns.size();
  static constexpr auto columns = joined(joined(std::array{integer_column}, digest_columns), token_columns);
  CM_TRY(auto* const select, db.prepared(texts[request.ascending ? 1 : 0], columns));
  auto& rows = *select;
  const auto statuses = wanted_statuses(request.statuses);
  std::size_t parameter = 0;
  for (const auto status : statuses)
    rows.bind(parameter++, status);
  rows.bind(parameter++, request.endpoint_id);
  rows.bind(parameter++, request.endpoint_id);
  for (const auto status : statuses)
    rows.bind(parameter++, status);
  bind_page(rows, parameter, request.limit, request.offset);
  token_page page;
  const auto read = read_rows(rows, [&](const statement& row) {
    page.total = static_cast<std::uint64_t>(row.integer(0));
    page.digest = read_digest(row, 1);
    if (!row.is_null(first_item))
      page.items.push_back(read_token(row, first_item));
  });
  CM_TRY_VOID(read);
  return page;
}

// All tokens of several endpoints, in the order of creation.
using whole_endpoints = std::unordered_map<std::string, std::vector<core::endpoint_token>>;

// Maximum number of tokens that read_whole() reads. Most endpoints have fewer tokens than a page, and reading this many
// takes MariaDB less time than counting them and computing their digest.
constexpr std::size_t max_whole = 512;

// All tokens of the endpoints of these lists, in one statement. When the limit is reached, the result lacks the
// endpoint where that happened and those after it.
outcome<whole_endpoints> read_whole(connection& db, const std::vector<list_tokens>& lists) {
  static const auto texts =
    statement_texts("SELECT " + std::string{token_fields} + " FROM endpoint_token WHERE endpoint_id IN (", "?",
                    ") ORDER BY endpoint_id, created_at, id LIMIT " + std::to_string(max_whole));
  const auto size_class = class_holding(lists.size());
  CM_TRY(auto* const select, db.prepared(texts[size_class], token_columns));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    select->bind(i, lists[std::min(i, lists.size() - 1)].endpoint_id);
  whole_endpoints all;
  for (const auto& list : lists)
    all.try_emplace(list.endpoint_id);
  std::size_t count = 0;
  std::string last;
  const auto read = read_rows(*select, [&](const statement& row) {
    auto token = read_token(row);
    last = token.endpoint_id;
    all[last].push_back(std::move(token));
    ++count;
  });
  CM_TRY_VOID(read);
  if (count == max_whole) // the last endpoint may have more tokens, and those after it were not read
    std::erase_if(all, [&last](const auto& endpoint) { return endpoint.first >= last; });
  return all;
}

// The page that read_counted() would return.
token_page page_of(const std::vector<core::endpoint_token>& whole, const list_tokens& request) {
  const auto is_wanted = [&](const core::endpoint_token& token) {
    const auto& wanted = request.statuses;
    if (token.status == core::credential_status::unknown) // as in read_counted(), which selects by status
      return false;
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), token.status) != wanted.end();
  };
  token_page page;
  const auto take = [&](const core::endpoint_token& token) {
    page.digest.add(token);
    if (!is_wanted(token))
      return;
    if (page.total >= request.offset && page.items.size() < request.limit)
      page.items.push_back(token);
    ++page.total;
  };
  if (request.ascending)
    std::for_each(whole.begin(), whole.end(), take);
  else
    std::for_each(whole.rbegin(), whole.rend(), take);
  return page;
}

} // namespace

outcome<found_tokens> apply(connection& db, const find_tokens& request) {
  static const auto texts =
    statement_texts("SELECT id, endpoint_id, status, token_hash FROM endpoint_token WHERE token_hash IN (", "?", ")");
  static constexpr std::array columns{uuid_column, column{column_kind::text, core::max_identifier_length},
                                      integer_column, hash_column};
  if (request.hashes.size() > max_batch)
    return invalid("more than 64 hashes");
  found_tokens found;
  found.tokens.resize(request.hashes.size());
  const auto read = read_by_hash(db, texts, columns, request.hashes, [&](std::size_t index, const statement& row) {
    const auto id = read_uuid(row.bytes(0));
    found.tokens[index] = found_token{id, read_status(row, 2, token_table_name, id), std::string{row.text(1)}};
  });
  CM_TRY_VOID(read);
  return found;
}

outcome<found_endpoints> apply(connection& db, const find_endpoints& request) {
  // Reads one index entry per endpoint, however many tokens it has. IN with DISTINCT would read all entries.
  static const auto texts = [] {
    constexpr std::string_view single = "(SELECT endpoint_id FROM endpoint_token WHERE endpoint_id = ? LIMIT 1)";
    statement_set texts_by_size;
    for (std::size_t i = 0; i < texts_by_size.size(); ++i) {
      texts_by_size[i] = single;
      for (std::size_t count = 1; count < size_classes[i]; ++count)
        texts_by_size[i].append(" UNION ALL ").append(single);
    }
    return texts_by_size;
  }();
  static constexpr std::array columns{column{column_kind::text, core::max_identifier_length}};
  const auto& wanted = request.endpoint_ids;
  if (wanted.size() > max_batch)
    return invalid("more than 64 endpoints");
  if (!std::all_of(wanted.begin(), wanted.end(), [](const auto& id) { return core::is_endpoint_id(id); }))
    return invalid("not an endpoint ID");
  found_endpoints found;
  if (wanted.empty())
    return found;
  const auto size_class = class_holding(wanted.size());
  CM_TRY(auto* const select, db.prepared(texts[size_class], columns));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    select->bind(i, wanted[std::min(i, wanted.size() - 1)]);
  auto& ids = found.endpoint_ids;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { ids.emplace_back(row.text(0)); }));
  std::sort(ids.begin(), ids.end()); // the list was padded with duplicates
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return found;
}

outcome<got_tokens> apply(connection& db, const get_tokens& request) {
  static const auto texts =
    statement_texts("SELECT " + std::string{token_fields} + " FROM endpoint_token WHERE id IN (", "?", ")");
  const auto count = request.which.size();
  if (count > max_batch)
    return invalid("more than 64 tokens");
  std::vector<core::uuid> ids;
  ids.reserve(count);
  for (const auto& token : request.which)
    ids.push_back(token.id);
  got_tokens found;
  found.tokens.resize(count);
  const auto read = read_by_id(db, texts, token_columns, ids, [&](const statement& row) {
    const auto token = read_token(row);
    for (std::size_t i = 0; i < count; ++i) {
      if (ids[i] == token.id && request.which[i].endpoint_id == token.endpoint_id)
        found.tokens[i] = token;
    }
  });
  CM_TRY_VOID(read);
  return found;
}

outcome<token_page> apply(connection& db, const list_tokens& request) {
  CM_TRY(auto&& found, apply(db, list_many{{request}}));
  return std::move(found.pages.front());
}

outcome<token_pages> apply(connection& db, const list_many& request) {
  if (request.lists.size() > max_lists)
    return invalid("more than 16 lists");
  for (const auto& list : request.lists) {
    if (const auto wrong = wrong_with(list); !wrong.empty())
      return invalid(wrong);
  }
  if (request.lists.empty())
    return token_pages{};
  CM_TRY(const auto& all, read_whole(db, request.lists));
  token_pages found;
  found.pages.reserve(request.lists.size());
  for (const auto& list : request.lists) {
    if (const auto whole = all.find(list.endpoint_id); whole != all.end()) {
      found.pages.push_back(page_of(whole->second, list));
      continue;
    }
    CM_TRY(auto&& page, read_counted(db, list));
    found.pages.push_back(std::move(page));
  }
  return found;
}

outcome<history_page> apply(connection& db, const token_history& request) {
  if (request.limit > max_page)
    return invalid("a page of more than 1000");
  CM_TRY_VOID(read_one(db, request.which));
  return read_history(db, request.which.id, request.offset, request.limit);
}

outcome<exported_tokens> apply(connection& db, const export_tokens& request) {
  static const std::string select_all =
    "SELECT " + std::string{token_fields} + " FROM endpoint_token FORCE INDEX (PRIMARY) WHERE id > ? ";
  static const std::string select_application = "SELECT " + std::string{token_fields}
                                                + " FROM endpoint_token FORCE INDEX (application_id) WHERE id > ? AND "
                                                  "application = ? ";
  static const std::string order = "ORDER BY id LIMIT ?";
  static const std::array<std::string, 2> texts{select_all + order, select_application + order};
  const bool filtered = !request.application.empty();
  if (filtered && !core::is_application_name(request.application))
    return invalid("not an application name");
  if (request.limit == 0 || request.limit > max_page)
    return invalid("a piece of none or more than 1000");
  CM_TRY(auto* const select, db.prepared(texts[filtered ? 1 : 0], token_columns));
  std::size_t parameter = 0;
  select->bind(parameter++, request.after.bytes);
  if (filtered)
    select->bind(parameter++, request.application);
  select->bind(parameter, std::int64_t{request.limit});
  exported_tokens exported;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { exported.items.push_back(read_token(row)); }));
  return exported;
}

} // namespace cm::storage
