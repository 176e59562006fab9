// The table endpoint_token: one function per command.
#pragma once

#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"
#include "storage/tokens/token_commands.hpp"

namespace cm::storage {

/// Each function executes one command on the connection and blocks; a command that writes does so in one transaction,
/// unless its comment says otherwise. All may be repeated after a failure with unknown outcome; the comments of the
/// commands define the result of a repetition. After a failure no transaction is open, or the connection is unsettled.
/// @param how for commands that depend on whether an earlier attempt may have been committed, or on the token-hash key
/// @return the reply or the errors that the command documents; invalid if the command violates its limits
[[nodiscard]] outcome<found_tokens> apply(connection& db, const find_tokens& request);
[[nodiscard]] outcome<got_tokens> apply(connection& db, const get_tokens& request);
[[nodiscard]] outcome<token_page> apply(connection& db, const list_tokens& request);
[[nodiscard]] outcome<token_pages> apply(connection& db, const list_many& request);
[[nodiscard]] outcome<history_page> apply(connection& db, const token_history& request);
[[nodiscard]] outcome<exported_tokens> apply(connection& db, const export_tokens& request);
[[nodiscard]] outcome<created_token> apply(connection& db, const create_token& request, const attempt& how);
[[nodiscard]] outcome<created_tokens> apply(connection& db, const create_tokens& request, const attempt& how);
[[nodiscard]] outcome<activated_tokens> apply(connection& db, const activate_tokens& request);
[[nodiscard]] outcome<changed_token> apply(connection& db, const change_token_status& request, const attempt& how);
[[nodiscard]] outcome<deleted_tokens> apply(connection& db, const delete_token& request);
[[nodiscard]] outcome<found_endpoints> apply(connection& db, const find_endpoints& request);
[[nodiscard]] outcome<deleted_tokens> apply(connection& db, const delete_endpoint_tokens& request, const attempt& how);
[[nodiscard]] outcome<imported_tokens> apply(connection& db, const import_tokens& request, const attempt& how);

} // namespace cm::storage
