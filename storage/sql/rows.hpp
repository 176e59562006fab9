// Shared by the repositories: mapping of CM's values to columns, and helpers that read and write rows.
#pragma once

#include "core/base/time.hpp"
#include "core/base/try.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "storage/sql/size_class.hpp"
#include "storage/sql/statement.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::storage {

class connection;

inline constexpr std::size_t uuid_size = 16;

/// Maximum size of a VARCHAR(255) in utf8mb4, in bytes.
inline constexpr std::size_t varchar_bytes = 1020;

/// Digests that are look-up keys: core::token_hash and subject_hash.
using hash_bytes = std::array<std::uint8_t, 32>;

inline constexpr column integer_column{column_kind::integer, 0};
inline constexpr column uuid_column{column_kind::binary, uuid_size};
inline constexpr column hash_column{column_kind::binary, std::tuple_size_v<hash_bytes>};

template <std::size_t A, std::size_t B>
[[nodiscard]] constexpr std::array<column, A + B> joined(const std::array<column, A>& first,
                                                         const std::array<column, B>& second) {
  std::array<column, A + B> all{};
  std::copy(first.begin(), first.end(), all.begin());
  std::copy(second.begin(), second.end(), all.begin() + A);
  return all;
}

/// The database's current time in Unix milliseconds, as an SQL expression. Exact: NOW(3) and the product are decimals.
inline constexpr std::string_view database_now = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

/// One SQL text per size class.
using statement_set = std::array<std::string, size_classes.size()>;

[[nodiscard]] constexpr std::int64_t number(core::credential_status status) noexcept {
  return static_cast<std::int64_t>(status);
}

[[nodiscard]] core::uuid read_uuid(std::span<const std::uint8_t> bytes);

/// credential_status::unknown for NULL and for a number that is no status.
[[nodiscard]] core::credential_status read_status(const statement& row, std::size_t column);

/// The same; an unknown status is an error in the log, which names the table and the row.
[[nodiscard]] core::credential_status read_status(const statement& row, std::size_t column, std::string_view table,
                                                  const core::uuid& id);

/// NULL is no status; every other value as read_status().
[[nodiscard]] std::optional<core::credential_status> read_optional_status(const statement& row, std::size_t column);
[[nodiscard]] core::timestamp read_time(const statement& row, std::size_t column);
[[nodiscard]] std::optional<core::timestamp> read_optional_time(const statement& row, std::size_t column);
void bind_time(statement& write, std::size_t index, core::timestamp at);
void bind_optional_status(statement& write, std::size_t index, const std::optional<core::credential_status>& status);

/// The parameters of `status IN (?,?,?,?)`: the statuses, padded with duplicates. An empty list means all statuses.
[[nodiscard]] std::array<std::int64_t, core::credential_status_count>
wanted_statuses(std::vector<core::credential_status> statuses);

/// The failure of a command that violates its limits: errc::invalid.
[[nodiscard]] failure invalid(std::string detail);

/// The failure of a command that needs the status of a row, which is not known: errc::unavailable.
[[nodiscard]] failure unknown_status();

/// The failure of a broken invariant: errc::internal.
[[nodiscard]] failure impossible(std::string detail);

/// Whether the text is valid UTF-8 of at most 255 characters, which a VARCHAR(255) can store.
[[nodiscard]] bool fits_varchar(std::string_view text) noexcept;

/// Executes the statement and calls `take(const statement& row)` for every row.
template <class Take>
[[nodiscard]] outcome<void> read_rows(statement& rows, Take take) {
  CM_TRY_VOID(rows.execute());
  for (;;) {
    CM_TRY(const auto more, rows.next());
    if (!more)
      return {};
    take(std::as_const(rows));
  }
}

using take_row = std::function<void(const statement& row)>;

/// Reads the rows with these IDs: any number, in chunks of up to the largest size class, in order, one statement each.
/// @param texts the only parameters of each are one list of IDs
[[nodiscard]] outcome<void> read_by_id(connection& db, const statement_set& texts, std::span<const column> columns,
                                       std::span<const core::uuid> ids, const take_row& take);

/// The same for numeric keys.
[[nodiscard]] outcome<void> read_by_number(connection& db, const statement_set& texts, std::span<const column> columns,
                                           std::span<const std::uint64_t> numbers, const take_row& take);

/// Executes a writing statement for any number of IDs, in the same chunks.
/// @return the number of rows written
[[nodiscard]] outcome<std::uint64_t> write_by_id(connection& db, const statement_set& texts,
                                                 std::span<const core::uuid> ids);

/// The same for numeric keys.
[[nodiscard]] outcome<std::uint64_t> write_by_number(connection& db, const statement_set& texts,
                                                     std::span<const std::uint64_t> numbers);

/// Looks digests up and calls `take` for each row and each position of its digest in `hashes`.
/// @param texts the only parameters of each are one list of digests; the digest is the last result column
/// @param hashes any number, duplicates allowed
[[nodiscard]] outcome<void> read_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                                         std::span<const hash_bytes> hashes,
                                         const std::function<void(std::size_t index, const statement& row)>& take);

/// SQL text that selects one page together with the total over all pages. One statement, because under READ COMMITTED
/// each statement has its own snapshot. Result columns: the total, then `fields`; an empty page has one row, in which
/// they are NULL. Parameters: those of `where`, those of `where` again, limit, offset.
/// @param fields must contain the columns of `order`
/// @param where begins with "FROM"
/// @param order the columns to sort by; the last one must be unique
[[nodiscard]] std::string page_text(const std::string& fields, const std::string& where,
                                    std::span<const std::string_view> order, bool ascending);

/// The same with other aggregates in place of the total: `aggregates` is their complete SELECT, whose parameters
/// precede those of the page.
[[nodiscard]] std::string page_text_with(const std::string& aggregates, const std::string& fields,
                                         const std::string& where, std::span<const std::string_view> order,
                                         bool ascending);

/// Binds the last two parameters of a page: limit and offset.
/// @param index of the first of them
void bind_page(statement& select, std::size_t index, std::uint32_t limit, std::uint64_t offset);

} // namespace cm::storage
