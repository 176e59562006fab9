// How an endpoint token stands in its table.
#pragma once

#include "core/base/identifiers.hpp"
#include "core/credentials/token.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace cm::storage {

/// The columns that read_token() reads, in their order.
inline constexpr const char* token_fields = "id, application, endpoint_id, status, created_at, updated_at";

inline constexpr std::array<column, 6> token_columns{{
  uuid_column,
  {column_kind::text, core::max_identifier_length},
  {column_kind::text, core::max_identifier_length},
  integer_column,
  integer_column,
  integer_column,
}};

/// With the digest, for look-ups by it; last, so that a row is read by the same function with it and without.
inline constexpr auto token_and_hash_columns = joined(token_columns, std::array{hash_column});

/// @param first the column of the ID
[[nodiscard]] core::endpoint_token read_token(const statement& row, std::size_t first = 0);

/// SELECT of tokens and digests by digests, a text a size class; without a lock.
[[nodiscard]] const statement_set& tokens_by_hash();

} // namespace cm::storage
