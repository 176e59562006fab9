#include "storage/token_repository.hpp"

#include "core/identifiers.hpp"
#include "storage/audit.hpp"
#include "storage/size_class.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <span>

namespace cm::storage {

namespace {

using core::credential_status;
using core::errc;

static_assert(size_classes.back() == max_batch);

constexpr std::size_t uuid_size = 16;
constexpr std::size_t hash_size = 32;

constexpr std::array<column, 6> token_columns{{
  {column_kind::binary, uuid_size},
  {column_kind::text, core::max_identifier_length},
  {column_kind::text, core::max_identifier_length},
  {column_kind::integer, 0},
  {column_kind::integer, 0},
  {column_kind::integer, 0},
}};

// The hash last, so that a row is read by the same function with it and without.
constexpr std::array<column, 7> token_and_hash_columns{{
  token_columns[0],
  token_columns[1],
  token_columns[2],
  token_columns[3],
  token_columns[4],
  token_columns[5],
  {column_kind::binary, hash_size},
}};

core::uuid read_uuid(std::span<const std::uint8_t> bytes) {
  core::uuid id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id;
}

// `first` is the column of the ID.
core::endpoint_token read_token(const statement& row, std::size_t first = 0) {
  core::endpoint_token token;
  token.id = read_uuid(row.bytes(first));
  token.application = row.text(first + 1);
  token.endpoint_id = row.text(first + 2);
  token.status = static_cast<credential_status>(row.integer(first + 3));
  token.created_at = core::from_unix_ms(row.integer(first + 4));
  if (!row.is_null(first + 5))
    token.updated_at = core::from_unix_ms(row.integer(first + 5));
  return token;
}

failure invalid(std::string detail) {
  return make_usable_failure(errc::invalid, "Invalid request", std::move(detail));
}

std::int64_t number(credential_status status) {
  return static_cast<std::int64_t>(status);
}

// -- find ----------------------------------------------------------------------------------------------------------

const std::string& find_text(std::size_t size_class) {
  static const auto texts = statement_texts("SELECT id, application, endpoint_id, status, created_at, updated_at, "
                                            "token_hash FROM endpoint_token WHERE token_hash IN (",
                                            "?", ")");
  return texts[size_class];
}

bool is_hash(const core::token_hash& hash, std::span<const std::uint8_t> bytes) {
  return std::equal(hash.begin(), hash.end(), bytes.begin(), bytes.end());
}

} // namespace

outcome<found_tokens> apply(connection& db, const find_tokens& request) {
  const auto& hashes = request.hashes;
  if (hashes.size() > max_batch)
    return invalid("more than 64 hashes");
  found_tokens found;
  found.tokens.resize(hashes.size());
  if (hashes.empty())
    return found;

  const auto size_class = class_holding(hashes.size());
  const auto select = db.prepared(find_text(size_class), token_and_hash_columns);
  if (!select)
    return select.error();
  auto& rows = **select;
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    rows.bind(i, hashes[std::min(i, hashes.size() - 1)]);
  if (auto done = rows.execute(); !done)
    return done.error();

  // Rows come in any order and the input may repeat itself: the places of a hash are next to each other here.
  std::array<std::size_t, max_batch> places{};
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(hashes.size());
  std::iota(places.begin(), end, std::size_t{0});
  std::sort(places.begin(), end, [&](std::size_t a, std::size_t b) { return hashes[a] < hashes[b]; });
  for (;;) {
    const auto more = rows.next();
    if (!more)
      return more.error();
    if (!*more)
      return found;
    const auto hash = rows.bytes(token_columns.size());
    auto* place = std::lower_bound(places.begin(), end, hash, [&](std::size_t index, std::span<const std::uint8_t> h) {
      return std::lexicographical_compare(hashes[index].begin(), hashes[index].end(), h.begin(), h.end());
    });
    for (; place != end && is_hash(hashes[*place], hash); ++place)
      found.tokens[*place] = read_token(rows);
  }
}

// -- activate ------------------------------------------------------------------------------------------------------

namespace {

const std::string& lock_text(std::size_t size_class) {
  // Always in the order of the primary key, so that two batches with common tokens wait for each other in one
  // direction.
  static const auto texts = statement_texts("SELECT id, status FROM endpoint_token FORCE INDEX (PRIMARY) WHERE id IN (",
                                            "?", ") ORDER BY id FOR UPDATE");
  return texts[size_class];
}

const std::string& activate_text(std::size_t size_class) {
  static const auto texts = statement_texts(
    "UPDATE endpoint_token SET status = ?, updated_at = ?, first_used_at = ? WHERE status = ? AND id IN (", "?", ")");
  return texts[size_class];
}

// The items by rising ID, one of each: the first in the batch counts.
std::vector<const activation*> in_id_order(const std::vector<activation>& items) {
  std::vector<const activation*> sorted;
  sorted.reserve(items.size());
  for (const auto& item : items)
    sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  const auto end =
    std::unique(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id == b->id; });
  sorted.erase(end, sorted.end());
  return sorted;
}

// Locks the rows and says which of them are Inactive.
outcome<std::vector<const activation*>> lock_inactive(connection& db, const std::vector<const activation*>& wanted) {
  static constexpr std::array<column, 2> columns{{{column_kind::binary, uuid_size}, {column_kind::integer, 0}}};
  const auto size_class = class_holding(wanted.size());
  const auto select = db.prepared(lock_text(size_class), columns);
  if (!select)
    return select.error();
  auto& rows = **select;
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    rows.bind(i, wanted[std::min(i, wanted.size() - 1)]->id.bytes);
  if (auto done = rows.execute(); !done)
    return done.error();
  std::vector<const activation*> inactive;
  for (;;) {
    const auto more = rows.next();
    if (!more)
      return more.error();
    if (!*more)
      return inactive;
    if (rows.integer(1) != number(credential_status::inactive))
      continue;
    const auto id = read_uuid(rows.bytes(0));
    const auto item = std::lower_bound(wanted.begin(), wanted.end(), id,
                                       [](const activation* a, const core::uuid& value) { return a->id < value; });
    if (item != wanted.end() && (*item)->id == id)
      inactive.push_back(*item);
  }
}

outcome<void> write_active(connection& db, const std::vector<const activation*>& inactive, core::timestamp at) {
  const auto size_class = class_holding(inactive.size());
  const auto update = db.prepared(activate_text(size_class));
  if (!update)
    return update.error();
  auto& write = **update;
  write.bind(0, number(credential_status::active));
  write.bind(1, core::to_unix_ms(at));
  write.bind(2, core::to_unix_ms(at));
  write.bind(3, number(credential_status::inactive));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    write.bind(4 + i, inactive[std::min(i, inactive.size() - 1)]->id.bytes);
  if (auto done = write.execute(); !done)
    return done;
  if (write.affected_rows() != inactive.size())
    return make_usable_failure(errc::internal, "Internal Server Error", "a locked row changed its status");
  return {};
}

} // namespace

outcome<activated_tokens> apply(connection& db, const activate_tokens& request) {
  if (request.items.size() > max_batch)
    return invalid("more than 64 activations");
  activated_tokens answer;
  if (request.items.empty())
    return answer;

  const auto wanted = in_id_order(request.items);
  if (auto begun = db.run("START TRANSACTION"); !begun)
    return begun.error();
  const auto inactive = lock_inactive(db, wanted);
  if (!inactive)
    return inactive.error();
  if (!inactive->empty()) {
    if (auto written = write_active(db, *inactive, request.at); !written)
      return written.error();
    const auto actor = audit_text(request.actor);
    std::vector<std::string> correlation_ids;
    correlation_ids.reserve(inactive->size());
    std::vector<audit_entry> entries;
    entries.reserve(inactive->size());
    for (const auto* item : *inactive) {
      correlation_ids.push_back(audit_text(item->correlation_id));
      entries.push_back({item->id, request.at, credential_status::inactive, credential_status::active,
                         core::channel::ecap, actor, correlation_ids.back()});
      answer.changed.push_back(item->id);
    }
    if (auto appended = append_audit(db, entries); !appended)
      return appended.error();
  }
  if (auto ended = db.run("COMMIT"); !ended)
    return ended.error();
  return answer;
}

// -- create --------------------------------------------------------------------------------------------------------

namespace {

outcome<void> insert_token(connection& db, const create_token& request) {
  static const std::string text = "INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                                  "created_at) VALUES (?,?,?,?,?,?)";
  const auto insert = db.prepared(text);
  if (!insert)
    return insert.error();
  auto& write = **insert;
  write.bind(0, request.id.bytes);
  write.bind(1, request.hash);
  write.bind(2, request.application);
  write.bind(3, request.endpoint_id);
  write.bind(4, number(request.status));
  write.bind(5, core::to_unix_ms(request.at));
  return write.execute();
}

outcome<void> insert_with_audit(connection& db, const create_token& request) {
  if (auto begun = db.run("START TRANSACTION"); !begun)
    return begun;
  if (auto inserted = insert_token(db, request); !inserted)
    return inserted;
  const auto actor = audit_text(request.origin.actor);
  const auto correlation_id = audit_text(request.origin.correlation_id);
  const std::array<audit_entry, 1> entry{
    {{request.id, request.at, std::nullopt, request.status, request.origin.how, actor, correlation_id}}};
  if (auto appended = append_audit(db, entry); !appended)
    return appended;
  return db.run("COMMIT");
}

// After a duplicate key: did an earlier attempt of the same command, whose answer got lost, store the row?
outcome<created_token> created_before(connection& db, const create_token& request, const failure& duplicate) {
  static const std::string text = "SELECT id, application, endpoint_id, status, created_at, updated_at, token_hash "
                                  "FROM endpoint_token WHERE id = ?";
  if (auto ended = db.run("ROLLBACK"); !ended)
    return ended.error();
  const auto select = db.prepared(text, token_and_hash_columns);
  if (!select)
    return select.error();
  auto& rows = **select;
  rows.bind(0, request.id.bytes);
  if (auto done = rows.execute(); !done)
    return done.error();
  const auto more = rows.next();
  if (!more)
    return more.error();
  if (!*more)
    return make_usable_failure(errc::conflict, "The token already exists in the application", duplicate.error.detail);
  if (!is_hash(request.hash, rows.bytes(token_columns.size())))
    return make_usable_failure(errc::internal, "Internal Server Error", "the ID belongs to another token");
  return created_token{read_token(rows)};
}

} // namespace

outcome<created_token> apply(connection& db, const create_token& request) {
  if (!core::is_application_name(request.application))
    return invalid("not an application name");
  if (!core::is_endpoint_id(request.endpoint_id))
    return invalid("not an endpoint ID");
  const auto inserted = insert_with_audit(db, request);
  if (inserted)
    return created_token{{request.id, request.application, request.endpoint_id, request.status, request.at, {}}};
  if (inserted.error().error.code == errc::conflict)
    return created_before(db, request, inserted.error());
  return inserted.error();
}

// -- list ----------------------------------------------------------------------------------------------------------

namespace {

// One statement, because under READ COMMITTED each has its own snapshot: the total and the page are of one moment. The
// total stands in a row of its own where the page is empty.
std::string list_text(bool ascending) {
  const std::string where = " FROM endpoint_token WHERE endpoint_id = ? AND status IN (?,?,?,?)";
  const std::string order = ascending ? "created_at, id" : "created_at DESC, id DESC";
  return "SELECT n.total, p.id, p.application, p.endpoint_id, p.status, p.created_at, p.updated_at FROM (SELECT "
         "COUNT(*) AS total"
         + where + ") AS n LEFT JOIN (SELECT id, application, endpoint_id, status, created_at, updated_at" + where
         + " ORDER BY " + order + " LIMIT ? OFFSET ?) AS p ON TRUE ORDER BY "
         + (ascending ? "p.created_at, p.id" : "p.created_at DESC, p.id DESC");
}

constexpr std::array<column, 7> page_columns{{
  {column_kind::integer, 0},
  token_columns[0],
  token_columns[1],
  token_columns[2],
  token_columns[3],
  token_columns[4],
  token_columns[5],
}};

// As many as there are states, filled up with repeats.
std::array<std::int64_t, core::credential_status_count>
wanted_statuses(const std::vector<credential_status>& statuses) {
  std::array<std::int64_t, core::credential_status_count> wanted{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto all = static_cast<std::int64_t>(i);
    wanted[i] = statuses.empty() ? all : number(statuses[std::min(i, statuses.size() - 1)]);
  }
  return wanted;
}

} // namespace

outcome<token_page> apply(connection& db, const list_tokens& request) {
  static const std::array<std::string, 2> texts{list_text(false), list_text(true)};
  if (!core::is_endpoint_id(request.endpoint_id))
    return invalid("not an endpoint ID");
  if (request.limit > max_page)
    return invalid("a page of more than 1000");
  auto statuses = request.statuses;
  std::sort(statuses.begin(), statuses.end());
  statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());

  const auto select = db.prepared(texts[request.ascending ? 1 : 0], page_columns);
  if (!select)
    return select.error();
  auto& rows = **select;
  std::size_t parameter = 0;
  for (int part = 0; part < 2; ++part) { // the count, then the page
    rows.bind(parameter++, request.endpoint_id);
    for (const auto status : wanted_statuses(statuses))
      rows.bind(parameter++, status);
  }
  constexpr auto furthest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  rows.bind(parameter++, std::int64_t{request.limit});
  rows.bind(parameter, static_cast<std::int64_t>(std::min(request.offset, furthest)));
  if (auto done = rows.execute(); !done)
    return done.error();
  token_page page;
  for (;;) {
    const auto more = rows.next();
    if (!more)
      return more.error();
    if (!*more)
      return page;
    page.total = static_cast<std::uint64_t>(rows.integer(0));
    if (!rows.is_null(1))
      page.items.push_back(read_token(rows, 1));
  }
}

} // namespace cm::storage
