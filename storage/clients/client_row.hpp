// How a client credential stands in the table of its kind.
#pragma once

#include "core/credentials/client_credential.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace cm::storage {

/// Longest canonical issuer and serial number in bytes: what TEXT takes.
inline constexpr std::size_t max_subject_text = 65'535;

/// What differs between the two tables.
struct client_table {
  core::client_kind kind = core::client_kind::basic;
  core::revoked_kind revoked = core::revoked_kind::basic;
  std::string name;                ///< of the table
  std::string fields;              ///< the columns that read_client() reads, in their order
  std::span<const column> columns; ///< the same as results
  std::string missing;             ///< for people: there is none
};

[[nodiscard]] const client_table& table_of(core::client_kind kind);

/// One value for each kind, made from its table: for the texts of statements.
template <class Make>
[[nodiscard]] auto for_each_kind(Make make) {
  return std::array{make(table_of(core::client_kind::basic)), make(table_of(core::client_kind::x509))};
}

[[nodiscard]] constexpr std::size_t index_of(core::client_kind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

/// @param first the column of the ID
[[nodiscard]] core::client_credential read_client(core::client_kind kind, const statement& row, std::size_t first = 0);

inline constexpr std::array<column, 7> basic_columns{{
  uuid_column,
  {column_kind::text, varchar_bytes},
  integer_column,
  integer_column,
  integer_column,
  integer_column,
  {column_kind::text, varchar_bytes},
}};

inline constexpr std::array<column, 8> x509_columns{{
  uuid_column,
  {column_kind::text, varchar_bytes},
  integer_column,
  integer_column,
  integer_column,
  integer_column,
  {column_kind::text, max_subject_text},
  {column_kind::text, max_subject_text},
}};

} // namespace cm::storage
