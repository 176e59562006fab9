// core::token_digest, computed in SQL, without reading the rows.
#pragma once

#include "core/credentials/token_digest.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>

namespace cm::storage {

/// Aggregates over rows of endpoint_token: the count, the high half and the low half of the digest. The halves are cast
/// to signed numbers, the type of all integer result columns. An unknown status counts as 255, as in read_status().
inline constexpr const char* digest_fields =
  "COUNT(*) AS token_count, "
  "CAST(BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT(id, '/', IF(status BETWEEN 0 AND 3, status, 255), '/', "
  "IFNULL(updated_at, '')), 256), 16), 16, 10) AS UNSIGNED)) AS SIGNED) AS digest_high, "
  "CAST(BIT_XOR(CAST(CONV(SUBSTRING(SHA2(CONCAT(id, '/', IF(status BETWEEN 0 AND 3, status, 255), '/', "
  "IFNULL(updated_at, '')), 256), 17, 16), 16, 10) AS UNSIGNED)) AS SIGNED) AS digest_low";

inline constexpr std::array<column, 3> digest_columns{integer_column, integer_column, integer_column};

/// @param first index of the count column
[[nodiscard]] inline core::token_digest read_digest(const statement& row, std::size_t first) {
  return {static_cast<std::uint64_t>(row.integer(first)), static_cast<std::uint64_t>(row.integer(first + 1)),
          static_cast<std::uint64_t>(row.integer(first + 2))};
}

} // namespace cm::storage
