// The tables revocation and event_outbox as the publisher and consumers see them.
#pragma once

#include "storage/events/event_commands.hpp"
#include "storage/sql/connection.hpp"

namespace cm::storage {

/// As the functions of token_repository.hpp. A claim of which the outcome is not known leaves its events leased: they
/// are claimed again when the lease has passed.
[[nodiscard]] outcome<claimed_events> apply(connection& db, const claim_events& request);
[[nodiscard]] outcome<confirmed_events> apply(connection& db, const confirm_events& request);
[[nodiscard]] outcome<revocation_page> apply(connection& db, const list_revocations& request);
[[nodiscard]] outcome<found_revocations> apply(connection& db, const find_revocations& request);
[[nodiscard]] outcome<revocation_page> apply(connection& db, const get_revocations& request);

} // namespace cm::storage
