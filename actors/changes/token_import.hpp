// Turns the lines of an import into a storage command, and its reply into results of the lines. Pure functions.
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

/// A batch of import lines: the command for storage, and per line what does not depend on its reply.
struct prepared_import {
  storage::import_tokens command;
  std::vector<std::optional<std::size_t>> item_indexes; ///< by line: index of its item in the command; none if refused
  std::vector<std::optional<core::error>> refused;      ///< by line: why it was refused
  std::vector<std::optional<core::secret>> generated;   ///< by line: the token, if CM generated it
};

/// Refuses lines of unknown applications, generates tokens for lines without one, and hashes the tokens.
[[nodiscard]] prepared_import prepare_import(const import_order& order, const application_directory& known,
                                             std::size_t token_length, core::timestamp now,
                                             core::uuid_v7_generator& ids, core::token_hasher& hasher);

/// Returns one result per line, in order. A generated token is included only if it was created.
/// @param answer must have one result for each item of the command
[[nodiscard]] std::vector<imported_line> finish_import(const prepared_import& prepared,
                                                       const storage::imported_tokens& answer);

} // namespace cm::actors
