// The tables basic_credential and x509_credential: one function per command.
#pragma once

#include "storage/clients/client_commands.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"

namespace cm::storage {

/// As for the functions of token_repository.hpp.
[[nodiscard]] outcome<one_client> apply(connection& db, const create_client& request, const attempt& how);
[[nodiscard]] outcome<one_client> apply(connection& db, const get_client& request);
[[nodiscard]] outcome<found_basic> apply(connection& db, const find_basic& request);
[[nodiscard]] outcome<found_basics> apply(connection& db, const find_basics& request);
[[nodiscard]] outcome<found_x509> apply(connection& db, const find_x509& request);
[[nodiscard]] outcome<client_page> apply(connection& db, const list_clients& request);
[[nodiscard]] outcome<changed_client> apply(connection& db, const change_client_status& request, const attempt& how);
[[nodiscard]] outcome<changed_client> apply(connection& db, const set_password& request, const attempt& how);
[[nodiscard]] outcome<used_clients> apply(connection& db, const rehash_password& request);
[[nodiscard]] outcome<deleted_client> apply(connection& db, const delete_client& request);
[[nodiscard]] outcome<used_clients> apply(connection& db, const use_clients& request);

} // namespace cm::storage
