// Queries that the consistency check and its repair share.
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

/// The tables of credentials, indexed by core::revoked_kind.
inline constexpr std::array<std::string_view, 3> credential_tables{"endpoint_token", "basic_credential",
                                                                   "x509_credential"};

[[nodiscard]] constexpr std::string_view table_name(core::revoked_kind kind) noexcept {
  return credential_tables[static_cast<std::size_t>(kind)];
}

/// Calls `make` with the name of each table; for the texts of statements.
template <class Make>
[[nodiscard]] auto for_each_credential_table(Make make) {
  return std::array{make(credential_tables[0]), make(credential_tables[1]), make(credential_tables[2])};
}

/// The change that made a credential unusable: from Inactive or Active to Suspended or Revoked, or its deletion.
struct revoking_change {
  core::timestamp at{};
  std::optional<core::credential_status> from;
  std::optional<core::credential_status> to; ///< empty: deleted
  std::string correlation_id;
  bool recorded = true;   ///< false: it has no audit row; derived from the row's status and time
  bool recent = false;    ///< within the retention of revocations, by the database's clock
  bool published = false; ///< it has a revocation, whether or not its event was sent
};

/// The correlation ID of a change that has no audit row.
inline constexpr std::string_view unknown_correlation_id = "cm-doctor";

/// Reads the last change that determines whether the credential is usable. If the credential is usable by its audit
/// trail but not by its row, that is the change of the row: it was interrupted before its audit row was written.
/// @param kind of the table that contains the credential; empty: there is no row
/// @return empty if that change did not make the credential unusable, or has no audit row any more
[[nodiscard]] outcome<std::optional<revoking_change>> read_revoking_change(connection& db, const core::uuid& credential,
                                                                           std::optional<core::revoked_kind> kind,
                                                                           std::chrono::milliseconds retention);

} // namespace cm::storage
