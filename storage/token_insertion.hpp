// New rows of endpoint_token, with their audit rows.
#pragma once

#include "core/token.hpp"
#include "storage/audit.hpp"
#include "storage/connection.hpp"

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

/// Inserts the tokens and their audit rows in the caller's transaction, each kind with one statement, in their order.
/// conflict: one of them is there already; the caller has to roll back.
[[nodiscard]] outcome<void> insert_with_audit(connection& db, std::span<const new_token> tokens);

} // namespace cm::storage
