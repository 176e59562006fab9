// Pages of client credentials, each from ranges of an index that are in the order of the list.
#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/clients/client_row.hpp"
#include "storage/sql/batch_limits.hpp"

#include <limits>
#include <tuple>
#include <variant>

namespace cm::storage {

namespace {

using status_list = std::array<std::int64_t, core::credential_status_count>;
using parameter = std::variant<std::int64_t, std::string_view, std::span<const std::uint8_t>>;

constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

// The text of a statement, and its parameters in order. They view into the command.
struct query {
  std::string text;
  std::vector<parameter> parameters;

  void add(std::string_view sql) { text += sql; }

  void add(std::string_view sql, std::initializer_list<parameter> values) {
    text += sql;
    parameters.insert(parameters.end(), values);
  }
};

// What a list is filtered by, besides the status. Only requested filters are in the SQL text.
struct filter {
  const char* in_order;  ///< index with the rows of the filter in the order of the list
  const char* by_status; ///< the same for each status; null: too few rows match to need one
  std::string condition; ///< with " AND " at its end, or empty
  std::vector<std::string_view> values;
};

// The statement depends on the number of issuers: only a few numbers, so that few statements are prepared. The others
// are filled with a text that is no distinguished name.
std::vector<std::string_view> padded(const std::vector<std::string>& issuers) {
  constexpr std::array<std::size_t, 5> sizes{1, 2, 6, max_other_subjects / 2, max_other_subjects + 1};
  std::vector<std::string_view> all(issuers.begin(), issuers.end());
  all.resize(*std::lower_bound(sizes.begin(), sizes.end(), all.size()), "-");
  return all;
}

std::vector<filter> filters_of(const list_clients& request) {
  if (request.kind == core::client_kind::basic) {
    if (request.username)
      return {{"username", nullptr, "username = ? AND ", {*request.username}}};
    return {{"created", "status_created", "", {}}};
  }
  const auto issuers = request.issuers.empty() ? std::vector<std::string_view>{} : padded(request.issuers);
  if (request.serial_number) {
    filter only{"serial_created", nullptr, "serial_key = CRC32(?) AND serial = ? AND ", {}};
    only.values = {*request.serial_number, *request.serial_number};
    if (!issuers.empty())
      only.condition += "issuer IN (" + repeated("?", issuers.size()) + ") AND ";
    only.values.insert(only.values.end(), issuers.begin(), issuers.end());
    return {std::move(only)};
  }
  if (issuers.empty())
    return {{"created", "status_created", "", {}}};
  std::vector<filter> filters;
  filters.reserve(issuers.size());
  for (const auto issuer : issuers)
    filters.push_back(
      {"issuer_created", "issuer_status", "issuer_key = CRC32(?) AND issuer = ? AND ", {issuer, issuer}});
  return filters;
}

void add_source(query& out, const client_table& table, const filter& by, std::string_view index) {
  out.add(" FROM " + table.name + " FORCE INDEX (" + std::string{index} + ") WHERE " + by.condition);
  out.parameters.insert(out.parameters.end(), by.values.begin(), by.values.end());
}

class list_statement {
public:
  explicit list_statement(const list_clients& request)
    : request_(request), table_(table_of(request.kind)), filters_(filters_of(request)) {
    for (const auto status : request.statuses)
      statuses_.push_back(number(status));
    std::sort(statuses_.begin(), statuses_.end());
    statuses_.erase(std::unique(statuses_.begin(), statuses_.end()), statuses_.end());
    if (statuses_.size() == core::credential_status_count)
      statuses_.clear();
  }

  /// Result columns: the count, then the fields; an empty page with a count has one row, in which they are NULL.
  [[nodiscard]] query make() const {
    query out;
    const bool counts = request_.total != counting::none;
    out.add(counts ? "SELECT n.total, " : "SELECT 0 AS total, ");
    out.add(table_.fields + " FROM ");
    if (counts) {
      add_count(out);
      out.add(" AS n LEFT JOIN (");
    }
    // The keys first: the rows that an offset passes by are not read.
    add_keys(out);
    out.add(" AS k STRAIGHT_JOIN " + table_.name + " FORCE INDEX (PRIMARY) ON id = key_id");
    if (counts)
      out.add(") ON TRUE");
    return out;
  }

private:
  void add_count(query& out) const {
    const auto limit = request_.total == counting::exact ? no_limit : static_cast<std::int64_t>(max_count) + 1;
    out.add("(SELECT COUNT(*) AS total FROM (");
    // A limit over all of them would not end the reading.
    for (const auto& by : filters_) {
      out.add(&by == &filters_.front() ? "(SELECT 1" : " UNION ALL (SELECT 1");
      add_source(out, table_, by, by.by_status != nullptr ? by.by_status : by.in_order);
      add_statuses(out);
      out.add(" LIMIT ?)", {limit});
    }
    out.add(") AS c)");
  }

  void add_statuses(query& out) const {
    out.add("status IN (?,?,?,?)");
    const auto wanted = wanted_statuses(request_.statuses);
    out.parameters.insert(out.parameters.end(), wanted.begin(), wanted.end());
  }

  /// `(SELECT … LIMIT ? OFFSET ?)` with the columns key_id and key_at.
  void add_keys(query& out) const {
    const auto limit = std::int64_t{request_.limit} + 1;
    const auto offset = static_cast<std::int64_t>(std::min(request_.offset, static_cast<std::uint64_t>(no_limit)));
    const bool each = !statuses_.empty() && filters_.front().by_status != nullptr;
    if (filters_.size() == 1 && (!each || statuses_.size() == 1)) {
      out.add("(");
      add_range(out, filters_.front(), each ? &statuses_.front() : nullptr);
      out.add(" LIMIT ? OFFSET ?)", {limit, offset});
      return;
    }
    // What several ranges have in common is sorted: as many rows of each as the page can need.
    const auto of_each = offset > no_limit - limit ? no_limit : offset + limit;
    out.add("(SELECT key_id, key_at FROM (");
    std::string_view before = "(";
    for (const auto& by : filters_) {
      for (std::size_t i = 0; i < (each ? statuses_.size() : 1); ++i) {
        out.add(before);
        add_range(out, by, each ? &statuses_[i] : nullptr);
        out.add(" LIMIT ?)", {of_each});
        before = " UNION ALL (";
      }
    }
    out.add(") AS u ORDER BY ");
    out.add(request_.ascending ? "key_at, key_id" : "key_at DESC, key_id DESC");
    out.add(" LIMIT ? OFFSET ?)", {limit, offset});
  }

  /// One range of an index, in the order of the list.
  /// @param status null: of all that are wanted
  void add_range(query& out, const filter& by, const std::int64_t* status) const {
    out.add("SELECT id AS key_id, created_at AS key_at");
    add_source(out, table_, by, status != nullptr ? by.by_status : by.in_order);
    if (status != nullptr)
      out.add("status = ?", {*status});
    else if (statuses_.empty() && by.condition.empty())
      out.add("TRUE"); // the status would have to be looked up in each row that an offset passes by
    else
      add_statuses(out);
    if (request_.after) {
      const auto at = core::to_unix_ms(request_.after->created_at);
      out.add(request_.ascending ? " AND created_at >= ? AND (created_at > ? OR id > ?)"
                                 : " AND created_at <= ? AND (created_at < ? OR id < ?)",
              {at, at, std::span<const std::uint8_t>{request_.after->id.bytes}});
    }
    out.add(request_.ascending ? " ORDER BY created_at, id" : " ORDER BY created_at DESC, id DESC");
  }

  const list_clients& request_;
  const client_table& table_;
  std::vector<filter> filters_;
  std::vector<std::int64_t> statuses_; ///< empty: all
};

std::optional<failure> broken_bound(const list_clients& request) {
  if (request.limit > max_page)
    return invalid("a page of more than 1000");
  if (request.issuers.size() > max_other_subjects + 1)
    return invalid("more than 50 issuers");
  const auto is_text = [](const std::string& text) { return core::is_utf8(text); };
  if ((request.username && !is_text(*request.username))
      || !std::all_of(request.issuers.begin(), request.issuers.end(), is_text))
    return invalid("a filter that is not UTF-8");
  if (request.serial_number && !request.serial_number->empty() && !is_stored_serial_number(*request.serial_number))
    return invalid("not a serial number");
  return std::nullopt;
}

// The server does not promise the order of a join.
void sort(std::vector<core::client_credential>& items, bool ascending) {
  std::sort(items.begin(), items.end(), [ascending](const auto& a, const auto& b) {
    const auto before = std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
    return ascending ? before : std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
  });
}

} // namespace

outcome<client_page> apply(connection& db, const list_clients& request) {
  static constexpr std::array<column, 1> total{integer_column};
  static constexpr auto basic_page = joined(total, basic_columns);
  static constexpr auto x509_page = joined(total, x509_columns);
  if (auto broken = broken_bound(request))
    return *std::move(broken);
  const auto query = list_statement{request}.make();
  const bool basic = request.kind == core::client_kind::basic;
  CM_TRY(auto* const select,
         db.prepared(query.text, basic ? std::span<const column>{basic_page} : std::span<const column>{x509_page}));
  for (std::size_t i = 0; i < query.parameters.size(); ++i)
    std::visit([&](const auto& value) { select->bind(i, value); }, query.parameters[i]);
  client_page page;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) {
    page.total = static_cast<std::uint64_t>(row.integer(0));
    if (!row.is_null(1))
      page.items.push_back(read_client(request.kind, row, 1));
  }));
  sort(page.items, request.ascending);
  const auto seen = page.items.empty() ? 0 : request.offset + page.items.size(); // with one of the next page
  if (page.items.size() > request.limit) {
    page.items.pop_back();
    if (!page.items.empty())
      page.next = {page.items.back().created_at, page.items.back().id};
  }
  if (request.total == counting::bounded && page.total > max_count) {
    page.total_is_exact = false;
    page.total = std::max<std::uint64_t>(page.total, seen);
  }
  std::erase_if(page.items, [](const auto& item) { return item.status == core::credential_status::unknown; });
  return page;
}

} // namespace cm::storage
