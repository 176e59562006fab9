// New rows of endpoint_token, with their audit rows.
#pragma once

#include "core/credentials/token.hpp"
#include "storage/events/audit.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"
#include "storage/sql/transaction.hpp"

#include <span>
#include <string_view>

namespace cm::storage {

/// One new token. Views must live until it is inserted.
struct new_token {
  const core::uuid* id = nullptr;
  const core::token_hash* hash = nullptr;
  std::string_view application;
  std::string_view endpoint_id;
  core::credential_status status = core::credential_status::inactive;
  const change_mark* mark = nullptr;
};

/// Begins a transaction that stores new tokens: under another key than the database records, none would ever be found.
/// Where the attempt names a key, the record is looked at and kept from changing until the end of the transaction,
/// unless it was looked at on this connection within hash_key_trust.
/// @return a failure of kind schema where the record is another key's, so that the next connection is refused
[[nodiscard]] outcome<transaction> begin_insertion(connection& db, const attempt& how);

/// Inserts the tokens and their audit rows in the caller's transaction, each kind with one statement, in their order.
/// conflict: one of them is there already; the caller has to roll back.
[[nodiscard]] outcome<void> insert_with_audit(connection& db, std::span<const new_token> tokens);

} // namespace cm::storage
