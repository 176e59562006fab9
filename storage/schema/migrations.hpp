// The compiled-in schema migrations: storage/schema/migrations/NNNN_name.sql.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cm::storage {

/// One numbered migration file. All views refer to static storage.
struct migration {
  std::uint32_t version = 0;
  std::string_view name;
  std::string_view checksum; ///< SHA-256 of the file, 64 lower-case hex digits
  std::string_view sql;
};

/// All migrations, by ascending version.
[[nodiscard]] std::span<const migration> compiled_migrations() noexcept;

/// Splits a migration file into its statements, without the terminating `;`. A statement ends with a `;` at the end of
/// a line. Lines that begin with `--` are comments.
[[nodiscard]] std::vector<std::string_view> split_statements(std::string_view sql);

} // namespace cm::storage
