// The table credential_audit: who changed which credential, when and how.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/audit.hpp"
#include "core/credentials/change_origin.hpp"
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

/// One change. The views must live until the entry has been written.
struct audit_entry {
  core::uuid credential;
  core::timestamp at{};
  std::optional<core::credential_status> from; ///< empty: it was created
  std::optional<core::credential_status> to;   ///< empty: it was deleted
  core::channel how = core::channel::rest;
  std::string_view actor;          ///< made by audit_text()
  std::string_view correlation_id; ///< made by audit_text()
};

/// Maximum length of a text in an audit row, in bytes.
inline constexpr std::size_t max_audit_text = 255;

/// Makes a text fit the table: truncates it to max_audit_text bytes at a character boundary and replaces invalid UTF-8
/// by '?', so that an unusual correlation ID never prevents a change from being stored.
[[nodiscard]] std::string audit_text(std::string_view text);

/// Identifies an operation in the audit trail, so that a repetition of it can find its rows. Texts made by
/// audit_text().
struct change_mark {
  core::timestamp at{};
  core::channel how = core::channel::rest;
  std::string actor;
  std::string correlation_id;
};

[[nodiscard]] change_mark mark_of(core::timestamp at, const core::change_origin& origin);

/// The entry of one change of an operation. It refers to the texts of `mark`, which must outlive it.
[[nodiscard]] audit_entry entry_of(const core::uuid& credential, const change_mark& mark,
                                   std::optional<core::credential_status> from,
                                   std::optional<core::credential_status> to);

/// SQL text that inserts one row; bind_audit() binds its parameters.
inline constexpr std::string_view audit_insertion =
  "INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) "
  "VALUES (?,?,?,?,?,?,?)";

/// Binds the parameters of audit_insertion, starting at index `first`. The entry must live until the statement has been
/// executed.
/// @return the index of the next parameter
std::size_t bind_audit(statement& to, std::size_t first, const audit_entry& entry);

/// Appends the entries in order, within the caller's transaction.
[[nodiscard]] outcome<void> append_audit(connection& db, std::span<const audit_entry> entries);

/// Finds the change that an earlier attempt of the same operation made, if its response was lost and it is repeated.
/// Searches the newest 1,000 changes of the credential for one with the time, channel and correlation ID of `mark`.
/// @param is_it additional condition on the change
[[nodiscard]] outcome<std::optional<core::audit_record>>
find_change(connection& db, const core::uuid& credential, const change_mark& mark,
            const std::function<bool(const core::audit_record&)>& is_it);

/// Returns those of the credentials that have an audit row, each once: an earlier attempt has created them.
[[nodiscard]] outcome<std::vector<core::uuid>> audited(connection& db, std::span<const core::uuid> credentials);

/// A page of a credential's history, newest first.
[[nodiscard]] outcome<history_page> read_history(connection& db, const core::uuid& credential, std::uint64_t offset,
                                                 std::uint32_t limit);

} // namespace cm::storage
