// The table credential_audit: who changed which credential, when, how.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/audit.hpp"
#include "core/credentials/credential.hpp"
#include "core/credentials/token.hpp"
#include "storage/events/audit_commands.hpp"
#include "storage/sql/connection.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::storage {

/// One change. Views must live until append() returned.
struct audit_entry {
  core::uuid credential;
  core::timestamp at{};
  std::optional<core::credential_status> from; ///< nothing: it was created
  std::optional<core::credential_status> to;   ///< nothing: it was deleted
  core::channel how = core::channel::rest;
  std::string_view actor;          ///< bounded with audit_text()
  std::string_view correlation_id; ///< bounded with audit_text()
};

/// Longest text of an audit row in bytes.
inline constexpr std::size_t max_audit_text = 255;

/// The text as the table takes it: at most max_audit_text bytes, cut between characters, and what is not valid UTF-8
/// replaced by '?', so that a strange correlation ID never keeps a change from being stored.
[[nodiscard]] std::string audit_text(std::string_view text);

/// What tells one operation from all others, and finds it again: texts as the table takes them.
struct change_mark {
  core::timestamp at{};
  core::channel how = core::channel::rest;
  std::string actor;
  std::string correlation_id;
};

[[nodiscard]] change_mark mark_of(core::timestamp at, const core::change_origin& origin);

/// One change of a marked operation. The mark must live as long as the entry.
[[nodiscard]] audit_entry entry_of(const core::uuid& credential, const change_mark& mark,
                                   std::optional<core::credential_status> from,
                                   std::optional<core::credential_status> to);

/// Inserts one row; its parameters are what bind_audit binds.
inline constexpr std::string_view audit_insertion =
  "INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) "
  "VALUES (?,?,?,?,?,?,?)";

/// From parameter `first` on; the entry must live until the statement was executed.
/// @return the index of the next parameter
std::size_t bind_audit(statement& to, std::size_t first, const audit_entry& entry);

/// Appends the rows in their order, within the caller's transaction.
[[nodiscard]] outcome<void> append_audit(connection& db, std::span<const audit_entry> entries);

/// The change that an earlier attempt of an operation has made: its answer was lost, and the operation is repeated.
/// Looks at the newest 1,000 changes of the credential for one with this time, channel and correlation ID.
/// @param is_it tells what else the change must be like
[[nodiscard]] outcome<std::optional<core::audit_record>>
find_change(connection& db, const core::uuid& credential, const change_mark& mark,
            const std::function<bool(const core::audit_record&)>& is_it);

/// Those of the credentials, without repeats, that have an audit row: whether an earlier attempt has created them.
[[nodiscard]] outcome<std::vector<core::uuid>> audited(connection& db, std::span<const core::uuid> credentials);

/// A page of a credential's history, newest first.
[[nodiscard]] outcome<history_page> read_history(connection& db, const core::uuid& credential, std::uint64_t offset,
                                                 std::uint32_t limit);

} // namespace cm::storage
