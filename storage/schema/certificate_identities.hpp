// The part of the migration certificate_identities that SQL cannot do: the identities of certificates that are stored
// already.
#pragma once

#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "storage/sql/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cm::storage {

/// The migration that adds x509_credential.identity_hash.
inline constexpr std::string_view identities_migration = "certificate_identities";

/// A certificate that is stored twice, in two spellings of its issuer. Earlier releases took them for two certificates.
struct duplicate_certificate {
  core::uuid first;
  core::credential_status first_status = core::credential_status::unknown;
  core::uuid second;
  core::credential_status second_status = core::credential_status::unknown;
};

/// The duplicates that were found.
struct duplicate_certificates {
  static constexpr std::size_t max_named = 100;

  std::vector<duplicate_certificate> named; ///< the first max_named
  std::uint64_t count = 0;
};

/// Sets identity_hash where a relative name of the issuer has several attributes and it is missing: after the
/// migration, and of rows that the release before has written since. May be repeated and may be ended at any time.
/// Reads the table once, in the order of its primary key, without locks; a transaction changes up to 64 rows. Changes
/// no status.
/// @param db its socket time-out must exceed the time to read the whole table
[[nodiscard]] outcome<duplicate_certificates> fill_certificate_identities(connection& db);

} // namespace cm::storage
