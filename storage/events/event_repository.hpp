// The tables revocation and event_outbox: the operations of the publisher and of consumers.
#pragma once

#include "storage/events/event_commands.hpp"
#include "storage/sql/connection.hpp"

namespace cm::storage {

/// As for the functions of token_repository.hpp. If the outcome of a claim is unknown, its events may stay leased; they
/// can be claimed again when the lease has expired.
[[nodiscard]] outcome<claimed_events> apply(connection& db, const claim_events& request);
[[nodiscard]] outcome<confirmed_events> apply(connection& db, const confirm_events& request);
[[nodiscard]] outcome<revocation_page> apply(connection& db, const list_revocations& request);
[[nodiscard]] outcome<found_revocations> apply(connection& db, const find_revocations& request);
[[nodiscard]] outcome<revocation_page> apply(connection& db, const get_revocations& request);

} // namespace cm::storage
