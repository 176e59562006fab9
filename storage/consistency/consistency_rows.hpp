// What the consistency check and its repair read in the same way.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/sql/connection.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::storage {

/// The tables of credentials, by the number of their core::revoked_kind.
inline constexpr std::array<std::string_view, 3> credential_tables{"endpoint_token", "basic_credential",
                                                                   "x509_credential"};

[[nodiscard]] constexpr std::string_view table_name(core::revoked_kind kind) noexcept {
  return credential_tables[static_cast<std::size_t>(kind)];
}

/// One value for each of them, made from its name: for the texts of statements.
template <class Make>
[[nodiscard]] auto for_each_credential_table(Make make) {
  return std::array{make(credential_tables[0]), make(credential_tables[1]), make(credential_tables[2])};
}

/// The change that has made a credential unusable: from Inactive or Active to Suspended or Revoked, or its deletion.
struct revoking_change {
  core::timestamp at{};
  std::optional<core::credential_status> from;
  std::optional<core::credential_status> to; ///< nothing: deleted
  std::string correlation_id;
  bool recorded = true;   ///< false: the audit trail does not have it, the row's status and time tell it
  bool recent = false;    ///< younger than revocations are kept, by the database's clock
  bool published = false; ///< there is a revocation for it: sent, or in the outbox
};

/// The correlation ID of a change that the audit trail does not have.
inline constexpr std::string_view unknown_correlation_id = "cm-doctor";

/// Reads the last change of the credential that decides whether it is usable. Where the audit trail says that it is,
/// and its row that it is not, the change is the row's: a change that was cut off before its audit row was written.
/// @param kind of the table that has its row; nothing: none has
/// @return nothing where that change did not make it unusable, or where there is none any more
[[nodiscard]] outcome<std::optional<revoking_change>> read_revoking_change(connection& db, const core::uuid& credential,
                                                                           std::optional<core::revoked_kind> kind,
                                                                           std::chrono::milliseconds retention);

} // namespace cm::storage
