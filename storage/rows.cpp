#include "storage/rows.hpp"

#include "core/identifiers.hpp"
#include "storage/connection.hpp"
#include "storage/token_commands.hpp"

#include <limits>
#include <numeric>

namespace cm::storage {

static_assert(size_classes.back() >= max_batch && size_classes.back() >= max_activations);

core::uuid read_uuid(std::span<const std::uint8_t> bytes) {
  core::uuid id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id;
}

core::credential_status read_status(const statement& row, std::size_t column) {
  return static_cast<core::credential_status>(row.integer(column));
}

std::optional<core::credential_status> read_optional_status(const statement& row, std::size_t column) {
  if (row.is_null(column))
    return std::nullopt;
  return read_status(row, column);
}

core::timestamp read_time(const statement& row, std::size_t column) {
  return core::from_unix_ms(row.integer(column));
}

std::optional<core::timestamp> read_optional_time(const statement& row, std::size_t column) {
  if (row.is_null(column))
    return std::nullopt;
  return read_time(row, column);
}

void bind_time(statement& write, std::size_t index, core::timestamp at) {
  write.bind(index, core::to_unix_ms(at));
}

void bind_optional_status(statement& write, std::size_t index, const std::optional<core::credential_status>& status) {
  if (status)
    write.bind(index, number(*status));
  else
    write.bind_null(index);
}

std::array<std::int64_t, core::credential_status_count> wanted_statuses(std::vector<core::credential_status> statuses) {
  std::sort(statuses.begin(), statuses.end());
  statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());
  std::array<std::int64_t, core::credential_status_count> wanted{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto all = static_cast<std::int64_t>(i);
    wanted[i] = statuses.empty() ? all : number(statuses[std::min(i, statuses.size() - 1)]);
  }
  return wanted;
}

failure invalid(std::string detail) {
  return make_usable_failure(core::errc::invalid, "Invalid request", std::move(detail));
}

failure impossible(std::string detail) {
  return make_usable_failure(core::errc::internal, "Internal Server Error", std::move(detail));
}

bool fits_varchar(std::string_view text) noexcept {
  constexpr std::ptrdiff_t most_characters = 255;
  const auto begins_one = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return std::count_if(text.begin(), text.end(), begins_one) <= most_characters && core::is_utf8(text);
}

namespace {

void bind_one(statement& to, std::size_t index, const core::uuid& id) {
  to.bind(index, id.bytes);
}

void bind_one(statement& to, std::size_t index, const hash_bytes& hash) {
  to.bind(index, hash);
}

void bind_one(statement& to, std::size_t index, std::uint64_t value) {
  to.bind(index, static_cast<std::int64_t>(value));
}

// The statement of the smallest class that holds the values, with them bound and repeats of the last behind them.
template <class Value>
outcome<statement*> bound(connection& db, const statement_set& texts, std::span<const column> columns,
                          std::span<const Value> values) {
  const auto size_class = class_holding(values.size());
  const auto made = db.prepared(texts[size_class], columns);
  if (!made)
    return made.error();
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    bind_one(**made, i, values[std::min(i, values.size() - 1)]);
  return *made;
}

template <class Value>
outcome<void> read_all(connection& db, const statement_set& texts, std::span<const column> columns,
                       std::span<const Value> values, const take_row& take) {
  while (!values.empty()) {
    const auto some = values.first(std::min(values.size(), size_classes.back()));
    const auto select = bound(db, texts, columns, some);
    if (!select)
      return select.error();
    if (auto read = read_rows(**select, take); !read)
      return read;
    values = values.subspan(some.size());
  }
  return {};
}

template <class Value>
outcome<std::uint64_t> write_all(connection& db, const statement_set& texts, std::span<const Value> values) {
  std::uint64_t written = 0;
  while (!values.empty()) {
    const auto some = values.first(std::min(values.size(), size_classes.back()));
    const auto write = bound(db, texts, {}, some);
    if (!write)
      return write.error();
    if (auto done = (*write)->execute(); !done)
      return done.error();
    written += (*write)->affected_rows();
    values = values.subspan(some.size());
  }
  return written;
}

} // namespace

outcome<void> read_by_id(connection& db, const statement_set& texts, std::span<const column> columns,
                         std::span<const core::uuid> ids, const take_row& take) {
  return read_all(db, texts, columns, ids, take);
}

outcome<void> read_by_number(connection& db, const statement_set& texts, std::span<const column> columns,
                             std::span<const std::uint64_t> numbers, const take_row& take) {
  return read_all(db, texts, columns, numbers, take);
}

outcome<std::uint64_t> write_by_id(connection& db, const statement_set& texts, std::span<const core::uuid> ids) {
  return write_all(db, texts, ids);
}

outcome<std::uint64_t> write_by_number(connection& db, const statement_set& texts,
                                       std::span<const std::uint64_t> numbers) {
  return write_all(db, texts, numbers);
}

namespace {

// At most a size class of them.
outcome<void> read_some_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                                std::span<const hash_bytes> hashes,
                                const std::function<void(std::size_t place, const statement& row)>& take) {
  const auto select = bound(db, texts, columns, hashes);
  if (!select)
    return select.error();
  // Rows come in any order and the input may repeat itself: the places of a hash are next to each other here.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): as many as used
  std::array<std::size_t, size_classes.back()> places;
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(hashes.size());
  std::iota(places.begin(), end, std::size_t{0});
  std::sort(places.begin(), end, [&](std::size_t a, std::size_t b) { return hashes[a] < hashes[b]; });
  return read_rows(**select, [&](const statement& row) {
    const auto hash = row.bytes(columns.size() - 1);
    auto* place = std::lower_bound(places.begin(), end, hash, [&](std::size_t index, std::span<const std::uint8_t> h) {
      return std::lexicographical_compare(hashes[index].begin(), hashes[index].end(), h.begin(), h.end());
    });
    for (; place != end && std::equal(hash.begin(), hash.end(), hashes[*place].begin(), hashes[*place].end()); ++place)
      take(*place, row);
  });
}

} // namespace

outcome<void> read_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                           std::span<const hash_bytes> hashes,
                           const std::function<void(std::size_t place, const statement& row)>& take) {
  for (std::size_t first = 0; first < hashes.size(); first += size_classes.back()) {
    const auto some = hashes.subspan(first, std::min(size_classes.back(), hashes.size() - first));
    auto read = read_some_by_hash(db, texts, columns, some,
                                  [&](std::size_t place, const statement& row) { take(first + place, row); });
    if (!read)
      return read;
  }
  return {};
}

std::string page_text(const std::string& fields, const std::string& where, std::span<const std::string_view> order,
                      bool ascending) {
  std::string inner;
  std::string outer;
  for (const auto name : order) {
    const auto* const comma = inner.empty() ? "" : ", ";
    const auto* const direction = ascending ? "" : " DESC";
    inner.append(comma).append(name).append(direction);
    outer.append(comma).append("p.").append(name).append(direction);
  }
  return "SELECT n.total, p.* FROM (SELECT COUNT(*) AS total " + where + ") AS n LEFT JOIN (SELECT " + fields + ' '
         + where + " ORDER BY " + inner + " LIMIT ? OFFSET ?) AS p ON TRUE ORDER BY " + outer;
}

void bind_page(statement& select, std::size_t index, std::uint32_t limit, std::uint64_t offset) {
  constexpr auto furthest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  select.bind(index, std::int64_t{limit});
  select.bind(index + 1, static_cast<std::int64_t>(std::min(offset, furthest)));
}

} // namespace cm::storage
