// What the repositories share: how CM's values stand in columns, and how results are walked through.
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

/// Bytes that VARCHAR(255) in utf8mb4 may take.
inline constexpr std::size_t varchar_bytes = 1020;

/// Digests by which rows are found: core::token_hash and subject_hash.
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

/// Milliseconds by the clock of the database, as an SQL expression; exact, because it is computed in decimals.
inline constexpr std::string_view database_now = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

/// One text a size class.
using statement_set = std::array<std::string, size_classes.size()>;

[[nodiscard]] constexpr std::int64_t number(core::credential_status status) noexcept {
  return static_cast<std::int64_t>(status);
}

[[nodiscard]] core::uuid read_uuid(std::span<const std::uint8_t> bytes);
[[nodiscard]] core::credential_status read_status(const statement& row, std::size_t column);
[[nodiscard]] std::optional<core::credential_status> read_optional_status(const statement& row, std::size_t column);
[[nodiscard]] core::timestamp read_time(const statement& row, std::size_t column);
[[nodiscard]] std::optional<core::timestamp> read_optional_time(const statement& row, std::size_t column);
void bind_time(statement& write, std::size_t index, core::timestamp at);
void bind_optional_status(statement& write, std::size_t index, const std::optional<core::credential_status>& status);

/// As many as there are states, filled up with repeats: for `status IN (?,?,?,?)`. None wanted: all.
[[nodiscard]] std::array<std::int64_t, core::credential_status_count>
wanted_statuses(std::vector<core::credential_status> statuses);

/// A command that breaks its bounds.
[[nodiscard]] failure invalid(std::string detail);

/// What cannot happen, as an answer.
[[nodiscard]] failure impossible(std::string detail);

/// Valid UTF-8 of at most 255 characters: what a VARCHAR(255) takes.
[[nodiscard]] bool fits_varchar(std::string_view text) noexcept;

/// Executes and hands every row over.
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

/// Reads the rows of any number of IDs, a statement for each piece of them, in their order.
/// @param texts have one list of IDs as their only parameters
[[nodiscard]] outcome<void> read_by_id(connection& db, const statement_set& texts, std::span<const column> columns,
                                       std::span<const core::uuid> ids, const take_row& take);

/// The same for numbers.
[[nodiscard]] outcome<void> read_by_number(connection& db, const statement_set& texts, std::span<const column> columns,
                                           std::span<const std::uint64_t> numbers, const take_row& take);

/// Executes a writing statement for any number of IDs in the same way.
/// @return rows written
[[nodiscard]] outcome<std::uint64_t> write_by_id(connection& db, const statement_set& texts,
                                                 std::span<const core::uuid> ids);

/// The same for numbers.
[[nodiscard]] outcome<std::uint64_t> write_by_number(connection& db, const statement_set& texts,
                                                     std::span<const std::uint64_t> numbers);

/// Looks digests up and says for each row in which places of the input its digest stands.
/// @param texts have one list of digests as their only parameters, and the digest as their last result column
/// @param hashes any number, repeats allowed
[[nodiscard]] outcome<void> read_by_hash(connection& db, const statement_set& texts, std::span<const column> columns,
                                         std::span<const hash_bytes> hashes,
                                         const std::function<void(std::size_t place, const statement& row)>& take);

/// One page and the total of all, in one statement, because under READ COMMITTED each has its own snapshot. Columns:
/// the total, then `fields`, which are NULL in the only row of an empty page. Parameters: those of `where`, again those
/// of `where`, limit, offset.
/// @param fields contain the columns of `order`
/// @param where begins with "FROM"
/// @param order the columns that the order is by, the last of them unique
[[nodiscard]] std::string page_text(const std::string& fields, const std::string& where,
                                    std::span<const std::string_view> order, bool ascending);

/// The same with other aggregates than the total in front: `aggregates` is their whole SELECT, with the parameters that
/// come before those of the page.
[[nodiscard]] std::string page_text_with(const std::string& aggregates, const std::string& fields,
                                         const std::string& where, std::span<const std::string_view> order,
                                         bool ascending);

/// Binds the two parameters behind `where`.
void bind_page(statement& select, std::size_t index, std::uint32_t limit, std::uint64_t offset);

} // namespace cm::storage
