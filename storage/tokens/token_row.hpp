// Mapping of endpoint tokens to the columns of their table.
#pragma once

#include "core/base/identifiers.hpp"
#include "core/credentials/token.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace cm::storage {

inline constexpr std::string_view token_table_name = "endpoint_token";

/// The columns that read_token() reads, in order.
inline constexpr const char* token_fields = "id, application, endpoint_id, status, created_at, updated_at";

inline constexpr std::array<column, 6> token_columns{{
  uuid_column,
  {column_kind::text, core::max_identifier_length},
  {column_kind::text, core::max_identifier_length},
  integer_column,
  integer_column,
  integer_column,
}};

/// The same columns and the hash, for look-ups by hash. It is last, so that read_token() can read these rows too.
inline constexpr auto token_and_hash_columns = joined(token_columns, std::array{hash_column});

/// Reports a status that is not known in the log.
/// @param first index of the ID column
[[nodiscard]] core::endpoint_token read_token(const statement& row, std::size_t first = 0);

/// SELECT of token_and_hash_columns by hash, without a lock; one text per size class.
[[nodiscard]] const statement_set& tokens_by_hash();

} // namespace cm::storage
