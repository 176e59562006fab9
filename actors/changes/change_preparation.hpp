// Prepares storage commands that change credentials (time, new IDs), and evaluates their replies: events to publish,
// tokens to invalidate, the log line. Pure functions without actors.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/credentials/token.hpp"
#include "storage/session/commands.hpp"

#include <string>
#include <vector>

namespace cm::actors {

/// Returns the command with its time, and with new IDs where it creates a client credential. A time that the command
/// has already is kept: it is that of the first attempt.
/// @return errc::internal for a command that does not change a credential
[[nodiscard]] core::expected<storage::command> prepare_change(storage::command command, core::timestamp now,
                                                              core::uuid_v7_generator& ids);

/// The origin of a change, for the audit trail and the log; null for a command that does not change a credential.
[[nodiscard]] const core::change_origin* origin_of(const storage::command& command) noexcept;

/// The events that a change wrote to the outbox.
[[nodiscard]] std::vector<core::revocation> events_of(const storage::reply& reply);

/// The tokens that are not valid according to the outcome of a change. They must leave the token cache before the
/// caller receives that outcome (contract 4.4).
struct refused_tokens {
  std::vector<core::uuid> ids; ///< Suspended, Revoked, deleted or not found
  bool others = false;         ///< further tokens whose IDs are unknown here: other replicas may have revoked them
};

/// @param outcome of the command: the reply, or the error that the caller receives
[[nodiscard]] refused_tokens refused_by(const storage::command& command, const core::expected<storage::reply>& outcome);

/// Describes the change in one log line, without secrets; empty if nothing has changed.
[[nodiscard]] std::string describe_change(const storage::command& command, const storage::reply& reply);

} // namespace cm::actors
