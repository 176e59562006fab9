#include "storage/sql/rows.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/connection.hpp"

#include <limits>

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
  constexpr std::ptrdiff_t max_characters = 255;
  const auto begins_one = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return std::count_if(text.begin(), text.end(), begins_one) <= max_characters && core::is_utf8(text);
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
  CM_TRY(auto* const made, db.prepared(texts[size_class], columns));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    bind_one(*made, i, values[std::min(i, values.size() - 1)]);
  return made;
}

template <class Value>
outcome<void> read_all(connection& db, const statement_set& texts, std::span<const column> columns,
                       std::span<const Value> values, const take_row& take) {
  while (!values.empty()) {
    const auto some = values.first(std::min(values.size(), size_classes.back()));
    CM_TRY(auto* const select, bound(db, texts, columns, some));
    CM_TRY_VOID(read_rows(*select, take));
    values = values.subspan(some.size());
  }
  return {};
}

template <class Value>
outcome<std::uint64_t> write_all(connection& db, const statement_set& texts, std::span<const Value> values) {
  std::uint64_t written = 0;
  while (!values.empty()) {
    const auto some = values.first(std::min(values.size(), size_classes.back()));
    CM_TRY(auto* const write, bound(db, texts, {}, some));
    CM_TRY_VOID(write->execute());
    written += write->affected_rows();
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

// Says in which places of a list a digest stands. Digests are spread evenly, so their first bytes do for a hash; a list
// made to collide in them is searched as if it had no order, and it is short.
class places_of_digests {
public:
  /// @param digests at most a size class of them; they must outlive this
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all seats are filled
  explicit places_of_digests(std::span<const hash_bytes> digests) noexcept : digests_(digests) {
    seats_.fill(free_seat);
    for (std::size_t place = 0; place < digests.size(); ++place) {
      auto seat = home_of(digests[place]);
      while (seats_[seat] != free_seat)
        seat = after(seat);
      seats_[seat] = static_cast<std::uint16_t>(place);
    }
  }

  template <class Take>
  void each(std::span<const std::uint8_t> digest, Take take) const {
    if (digest.size() != std::tuple_size_v<hash_bytes>)
      return;
    for (auto seat = home_of(digest); seats_[seat] != free_seat; seat = after(seat)) {
      const std::size_t place = seats_[seat];
      if (std::equal(digest.begin(), digest.end(), digests_[place].begin()))
        take(place);
    }
  }

private:
  static constexpr std::size_t seats = 2 * size_classes.back(); ///< half of them stay free: a search always ends
  static constexpr std::uint16_t free_seat = std::numeric_limits<std::uint16_t>::max();
  static_assert(size_classes.back() < free_seat);

  [[nodiscard]] static std::size_t home_of(std::span<const std::uint8_t> digest) noexcept {
    return (std::size_t{digest[0]} << 8U | digest[1]) % seats;
  }

  [[nodiscard]] static std::size_t after(std::size_t seat) noexcept { return (seat + 1) % seats; }

  std::span<const hash_bytes> digests_;
  std::array<std::uint16_t, seats> seats_;
};

// At most a size class of them.
outcome<void> read_some_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                                std::span<const hash_bytes> hashes,
                                const std::function<void(std::size_t place, const statement& row)>& take) {
  CM_TRY(auto* const select, bound(db, texts, columns, hashes));
  // Rows come in any order, and the input may repeat itself.
  const places_of_digests places(hashes);
  return read_rows(*select, [&](const statement& row) {
    places.each(row.bytes(columns.size() - 1), [&](std::size_t place) { take(place, row); });
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
    CM_TRY_VOID(read);
  }
  return {};
}

std::string page_text(const std::string& fields, const std::string& where, std::span<const std::string_view> order,
                      bool ascending) {
  return page_text_with("SELECT COUNT(*) AS total " + where, fields, where, order, ascending);
}

std::string page_text_with(const std::string& aggregates, const std::string& fields, const std::string& where,
                           std::span<const std::string_view> order, bool ascending) {
  std::string inner;
  std::string outer;
  for (const auto name : order) {
    const auto* const comma = inner.empty() ? "" : ", ";
    const auto* const direction = ascending ? "" : " DESC";
    inner.append(comma).append(name).append(direction);
    outer.append(comma).append("p.").append(name).append(direction);
  }
  return "SELECT n.*, p.* FROM (" + aggregates + ") AS n LEFT JOIN (SELECT " + fields + ' ' + where + " ORDER BY "
         + inner + " LIMIT ? OFFSET ?) AS p ON TRUE ORDER BY " + outer;
}

void bind_page(statement& select, std::size_t index, std::uint32_t limit, std::uint64_t offset) {
  constexpr auto furthest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  select.bind(index, std::int64_t{limit});
  select.bind(index + 1, static_cast<std::int64_t>(std::min(offset, furthest)));
}

} // namespace cm::storage
