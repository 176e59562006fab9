// Deletes rows of the audit trail and of the revocations that are older than they are kept.
#pragma once

#include "storage/events/event_commands.hpp"
#include "storage/sql/connection.hpp"

namespace cm::storage {

/// As the functions of token_repository.hpp. Each statement is a transaction of its own: what is deleted stays deleted.
[[nodiscard]] outcome<pruned> apply(connection& db, const prune& request);

} // namespace cm::storage
