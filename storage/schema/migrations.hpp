// The schema migrations that are compiled in: storage/migrations/NNNN_name.sql.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cm::storage {

/// One numbered file. All views are of static storage.
struct migration {
  std::uint32_t version = 0;
  std::string_view name;
  std::string_view checksum; ///< SHA-256 of the file, 64 lower-case hex digits
  std::string_view sql;
};

/// All of them, by rising version.
[[nodiscard]] std::span<const migration> compiled_migrations() noexcept;

/// The statements of a migration's file, without their `;`. A statement ends with a `;` at the end of a line; lines
/// that begin with `--` are comments.
[[nodiscard]] std::vector<std::string_view> split_statements(std::string_view sql);

} // namespace cm::storage
