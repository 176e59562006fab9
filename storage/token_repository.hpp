// The table endpoint_token: one function an operation.
#pragma once

#include "storage/connection.hpp"
#include "storage/token_commands.hpp"

namespace cm::storage {

/// Each runs one command on the connection, in one transaction where it writes. All may be repeated after a failure of
/// which the outcome is not known; the comments of the commands say what a repetition answers. After a failure the
/// caller rolls back what is still open.
/// @return what the command's comment says; invalid for a command that breaks its bounds.
[[nodiscard]] outcome<found_tokens> apply(connection& db, const find_tokens& request);
[[nodiscard]] outcome<got_tokens> apply(connection& db, const get_tokens& request);
[[nodiscard]] outcome<token_page> apply(connection& db, const list_tokens& request);
[[nodiscard]] outcome<token_pages> apply(connection& db, const list_many& request);
[[nodiscard]] outcome<history_page> apply(connection& db, const token_history& request);
[[nodiscard]] outcome<exported_tokens> apply(connection& db, const export_tokens& request);
[[nodiscard]] outcome<created_token> apply(connection& db, const create_token& request);
[[nodiscard]] outcome<created_tokens> apply(connection& db, const create_tokens& request);
[[nodiscard]] outcome<activated_tokens> apply(connection& db, const activate_tokens& request);
[[nodiscard]] outcome<changed_token> apply(connection& db, const change_token_status& request);
[[nodiscard]] outcome<deleted_tokens> apply(connection& db, const delete_token& request);
[[nodiscard]] outcome<found_endpoints> apply(connection& db, const find_endpoints& request);
[[nodiscard]] outcome<deleted_tokens> apply(connection& db, const delete_endpoint_tokens& request);
[[nodiscard]] outcome<imported_tokens> apply(connection& db, const import_tokens& request);

} // namespace cm::storage
