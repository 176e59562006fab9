// The table credential_audit: who changed which credential, when, how.
#pragma once

#include "core/credential.hpp"
#include "core/time.hpp"
#include "core/uuid.hpp"
#include "storage/connection.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

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

/// Appends the rows in their order, within the caller's transaction.
[[nodiscard]] outcome<void> append_audit(connection& db, std::span<const audit_entry> entries);

} // namespace cm::storage
