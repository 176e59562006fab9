// Lines of an import on their way into the database: the rules, without any actor.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_hash.hpp"
#include "storage/tokens/token_commands.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace cm::actors {

/// A batch of lines: what goes to storage, and what is known of each line without it.
struct prepared_import {
  storage::import_tokens command;
  std::vector<std::optional<std::size_t>> places;     ///< by line: its item in the command; nothing: it was refused
  std::vector<std::optional<core::error>> refused;    ///< by line
  std::vector<std::optional<core::secret>> generated; ///< by line
};

/// Refuses lines of unknown applications, makes tokens where a line has none, and hashes.
[[nodiscard]] prepared_import prepare_import(const import_order& order, const application_directory& known,
                                             std::size_t token_length, core::timestamp now,
                                             core::uuid_v7_generator& ids, core::token_hasher& hasher);

/// One outcome a line, from what storage answered to the command; it has as many results as the command had items.
[[nodiscard]] std::vector<imported_line> finish_import(const prepared_import& prepared,
                                                       const storage::imported_tokens& answer);

} // namespace cm::actors
