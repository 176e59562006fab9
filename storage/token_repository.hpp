// The table endpoint_token: one function an operation.
#pragma once

#include "storage/commands.hpp"
#include "storage/connection.hpp"

namespace cm::storage {

/// Each runs one command on the connection, in one transaction where it writes. All may be repeated after a failure of
/// which the outcome is not known; the comments in commands.hpp say what a repetition answers. After a failure the
/// caller rolls back what is still open.
/// @return what the command's comment says; invalid for a command that breaks its bounds.
[[nodiscard]] outcome<found_tokens> apply(connection& db, const find_tokens& request);
[[nodiscard]] outcome<activated_tokens> apply(connection& db, const activate_tokens& request);
[[nodiscard]] outcome<created_token> apply(connection& db, const create_token& request);
[[nodiscard]] outcome<token_page> apply(connection& db, const list_tokens& request);

} // namespace cm::storage
