// Mapping of client credentials to the columns of their tables.
#pragma once

#include "core/base/text.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cm::storage {

/// Maximum length of a canonical issuer or a serial number, in bytes: that of TEXT.
inline constexpr std::size_t max_subject_text = 65'535;

/// Whether `text` may be in the column `serial`, which is ASCII: decimal digits, after a `-` if the number is negative.
[[nodiscard]] constexpr bool is_stored_serial_number(std::string_view text) noexcept {
  return text.size() <= max_subject_text && core::is_digits(text.starts_with('-') ? text.substr(1) : text);
}

/// The differences between the two tables.
struct client_table {
  core::client_kind kind = core::client_kind::basic;
  core::revoked_kind revoked = core::revoked_kind::basic;
  std::string name;                ///< of the table
  std::string fields;              ///< the columns that read_client() reads, in order
  std::span<const column> columns; ///< types of the same columns
  std::string missing;             ///< message of not_found
};

[[nodiscard]] const client_table& table_of(core::client_kind kind);

/// Calls `make` with the table of each kind; for the texts of statements.
template <class Make>
[[nodiscard]] auto for_each_kind(Make make) {
  return std::array{make(table_of(core::client_kind::basic)), make(table_of(core::client_kind::x509))};
}

[[nodiscard]] constexpr std::size_t index_of(core::client_kind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

/// Reports a status that is not known in the log.
/// @param first index of the ID column
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
