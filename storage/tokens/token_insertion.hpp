// Insertion of endpoint tokens with their audit rows.
#pragma once

#include "core/credentials/token.hpp"
#include "storage/events/audit.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"
#include "storage/sql/transaction.hpp"

#include <span>
#include <string_view>

namespace cm::storage {

/// One new token. The pointers and views must stay valid until it is inserted.
struct new_token {
  const core::uuid* id = nullptr;
  const core::token_hash* hash = nullptr;
  std::string_view application;
  std::string_view endpoint_id;
  core::credential_status status = core::credential_status::inactive;
  const change_mark* mark = nullptr;
};

/// Begins a transaction that stores new tokens. Tokens hashed with a key other than the recorded one would never be
/// found. So, if the attempt has a key, this verifies the record and locks it against changes until the end of the
/// transaction, unless this connection has verified it within hash_key_trust.
/// @return a failure of kind schema if another key is recorded, so that the next connection is refused
[[nodiscard]] outcome<transaction> begin_insertion(connection& db, const attempt& how);

/// Inserts the tokens and their audit rows in order, in the caller's transaction, with one bulk statement per table.
/// Errors: conflict (one of the tokens exists; the caller has to roll back).
[[nodiscard]] outcome<void> insert_with_audit(connection& db, std::span<const new_token> tokens);

} // namespace cm::storage
