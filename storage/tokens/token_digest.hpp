// core::token_digest, computed by the database over rows that are not read.
#pragma once

#include "core/credentials/token_digest.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>

namespace cm::storage {

/// Aggregates over rows of endpoint_token: the count, the high half, the low half. The halves are read as signed
/// numbers, because the columns of a result are.
inline constexpr const char* digest_fields =
  "COUNT(*) AS token_count, "
  "CAST(BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT(id, '/', status, '/', IFNULL(updated_at, '')), 256), 16), 16, 10) "
  "AS UNSIGNED)) AS SIGNED) AS digest_high, "
  "CAST(BIT_XOR(CAST(CONV(SUBSTRING(SHA2(CONCAT(id, '/', status, '/', IFNULL(updated_at, '')), 256), 17, 16), 16, 10) "
  "AS UNSIGNED)) AS SIGNED) AS digest_low";

inline constexpr std::array<column, 3> digest_columns{integer_column, integer_column, integer_column};

/// @param first the column of the count
[[nodiscard]] inline core::token_digest read_digest(const statement& row, std::size_t first) {
  return {static_cast<std::uint64_t>(row.integer(first)), static_cast<std::uint64_t>(row.integer(first + 1)),
          static_cast<std::uint64_t>(row.integer(first + 2))};
}

} // namespace cm::storage
