// Deletes rows of the audit trail and revocations that are older than their retention.
#pragma once

#include "storage/events/event_commands.hpp"
#include "storage/sql/connection.hpp"

namespace cm::storage {

/// As for the functions of token_repository.hpp, but each statement is a transaction of its own: after a failure,
/// earlier deletions remain.
[[nodiscard]] outcome<pruned> apply(connection& db, const prune& request);

} // namespace cm::storage
