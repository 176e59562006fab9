// Fills in what only the manager gives a change: its time and new IDs; and reads from a reply what it means for others.
// Plain functions.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token.hpp"
#include "storage/session/commands.hpp"

#include <string>
#include <vector>

namespace cm::actors {

/// The command as it goes to storage. A time that it has already is kept: it was given before an earlier attempt.
/// @return errc::internal for a command that is no change of a credential
[[nodiscard]] core::expected<storage::command> prepare_change(storage::command command, core::timestamp now,
                                                              core::uuid_v7_generator& ids);

/// Who changes what; nothing for a command that is no change.
[[nodiscard]] const core::change_origin* origin_of(const storage::command& command) noexcept;

/// The events that a change wrote to the outbox.
[[nodiscard]] std::vector<core::revocation> events_of(const storage::reply& reply);

/// What the outcome of a change, told to its caller, says about tokens that must not be accepted from memory any more.
struct refused_tokens {
  std::vector<core::uuid> ids; ///< Suspended, Revoked, deleted, or not there
  bool others = false;         ///< and some of which nobody knows the IDs here: other replicas may have revoked them
};

/// @param outcome of the command: a reply, or the error that its caller is told
[[nodiscard]] refused_tokens refused_by(const storage::command& command, const core::expected<storage::reply>& outcome);

/// One line for the log: what has changed; empty where nothing did. Without secrets.
[[nodiscard]] std::string describe_change(const storage::command& command, const storage::reply& reply);

} // namespace cm::actors
