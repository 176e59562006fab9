#include "storage/sql/rows.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "core/observability/damaged_rows.hpp"
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
  // Compared before the cast, which would make 0 (Inactive, valid for use) of 256.
  const auto value = row.is_null(column) ? -1 : row.integer(column);
  if (value < 0 || value >= static_cast<std::int64_t>(core::credential_status_count))
    return core::credential_status::unknown;
  return static_cast<core::credential_status>(value);
}

core::credential_status read_status(const statement& row, std::size_t column, std::string_view table,
                                    const core::uuid& id) {
  const auto status = read_status(row, column);
  if (status == core::credential_status::unknown)
    core::report_damaged_row(table, id,
                             "its status is "
                               + (row.is_null(column) ? std::string{"NULL"} : std::to_string(row.integer(column)))
                               + ", expected 0 to 3; correct the status in the database, or delete the credential");
  return status;
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

failure unknown_status() {
  return {error_class::usable, core::unknown_status_error(), 0};
}

failure impossible(std::string detail) {
  return make_usable_failure(core::errc::internal, "Internal Server Error", std::move(detail));
}

bool fits_varchar(std::string_view text) noexcept {
  constexpr std::size_t max_characters = 255;
  return core::count_characters(text) <= max_characters && core::is_utf8(text);
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

// The statement of the smallest size class that holds the values. They are bound, padded with copies of the last one.
template <class Value>
outcome<statement*> bound(connection& db, const statement_set& texts, std::span<const column> columns,
                          std::span<const Value> values) {
  const auto size_class = class_holding(values.size());
  CM_TRY(auto* const prepared, db.prepared(texts[size_class], columns));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    bind_one(*prepared, i, values[std::min(i, values.size() - 1)]);
  return prepared;
}

template <class Value>
outcome<void> read_all(connection& db, const statement_set& texts, std::span<const column> columns,
                       std::span<const Value> values, const take_row& take) {
  while (!values.empty()) {
    const auto chunk = values.first(std::min(values.size(), size_classes.back()));
    CM_TRY(auto* const select, bound(db, texts, columns, chunk));
    CM_TRY_VOID(read_rows(*select, take));
    values = values.subspan(chunk.size());
  }
  return {};
}

template <class Value>
outcome<std::uint64_t> write_all(connection& db, const statement_set& texts, std::span<const Value> values) {
  std::uint64_t written = 0;
  while (!values.empty()) {
    const auto chunk = values.first(std::min(values.size(), size_classes.back()));
    CM_TRY(auto* const write, bound(db, texts, {}, chunk));
    CM_TRY_VOID(write->execute());
    written += write->affected_rows();
    values = values.subspan(chunk.size());
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

// Open-addressing hash table with linear probing: finds the positions of a digest in a list. Digests are uniformly
// distributed, so their first two bytes serve as the hash. Digests chosen to collide degrade this to a linear search of
// one chunk, which is short.
class digest_positions {
public:
  /// @param digests at most the largest size class of them; they must outlive this
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): fill() initialises all slots
  explicit digest_positions(std::span<const hash_bytes> digests) noexcept : digests_(digests) {
    slots_.fill(free_slot);
    for (std::size_t position = 0; position < digests.size(); ++position) {
      auto slot = home_slot(digests[position]);
      while (slots_[slot] != free_slot)
        slot = next_slot(slot);
      slots_[slot] = static_cast<std::uint16_t>(position);
    }
  }

  template <class Take>
  void each(std::span<const std::uint8_t> digest, Take take) const {
    if (digest.size() != std::tuple_size_v<hash_bytes>)
      return;
    for (auto slot = home_slot(digest); slots_[slot] != free_slot; slot = next_slot(slot)) {
      const std::size_t position = slots_[slot];
      if (std::equal(digest.begin(), digest.end(), digests_[position].begin()))
        take(position);
    }
  }

private:
  static constexpr std::size_t slot_count = 2 * size_classes.back(); ///< at least half stay free: a search always ends
  static constexpr std::uint16_t free_slot = std::numeric_limits<std::uint16_t>::max();
  static_assert(size_classes.back() < free_slot);

  [[nodiscard]] static std::size_t home_slot(std::span<const std::uint8_t> digest) noexcept {
    return (std::size_t{digest[0]} << 8U | digest[1]) % slot_count;
  }

  [[nodiscard]] static std::size_t next_slot(std::size_t slot) noexcept { return (slot + 1) % slot_count; }

  std::span<const hash_bytes> digests_;
  std::array<std::uint16_t, slot_count> slots_;
};

// At most the largest size class of them.
outcome<void> read_chunk_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                                 std::span<const hash_bytes> hashes,
                                 const std::function<void(std::size_t index, const statement& row)>& take) {
  CM_TRY(auto* const select, bound(db, texts, columns, hashes));
  // Rows come in any order, and the input may contain duplicates.
  const digest_positions positions(hashes);
  return read_rows(*select, [&](const statement& row) {
    positions.each(row.bytes(columns.size() - 1), [&](std::size_t index) { take(index, row); });
  });
}

} // namespace

outcome<void> read_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                           std::span<const hash_bytes> hashes,
                           const std::function<void(std::size_t index, const statement& row)>& take) {
  for (std::size_t first = 0; first < hashes.size(); first += size_classes.back()) {
    const auto chunk = hashes.subspan(first, std::min(size_classes.back(), hashes.size() - first));
    auto read = read_chunk_by_hash(db, texts, columns, chunk,
                                   [&](std::size_t index, const statement& row) { take(first + index, row); });
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
  constexpr auto max_offset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  select.bind(index, std::int64_t{limit});
  select.bind(index + 1, static_cast<std::int64_t>(std::min(offset, max_offset)));
}

} // namespace cm::storage
