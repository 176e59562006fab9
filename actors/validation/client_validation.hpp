// The rules for replies to requests about client credentials (contract 4.1, 4.5). Plain functions.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/client_credential.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/clients/client_commands.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

/// The code of a refusal that needs no look-up: 408 for a message whose timeout has passed, 400 for a username or
/// password that is malformed, so that the REST API would not have accepted it. Empty: the username must be looked up.
[[nodiscard]] std::optional<core::errc>
refuse_early(const messaging::ecap::client_username_password_validation_request& request, core::timestamp now);

/// Whether the request has a username and a password. The schema allows null for both: a client without a login is
/// unknown (401). Such a request guesses nothing, so it is no failed attempt of a username.
[[nodiscard]] bool names_login(const messaging::ecap::client_username_password_validation_request& request) noexcept;

/// The name of a certificate as it is stored.
struct certificate_name {
  std::string issuer;        ///< canonical
  std::string serial_number; ///< decimal, without leading zeros; may be negative
  storage::subject_hash subject{};
  std::vector<storage::subject_hash> other_subjects; ///< of core::distinguished_name::others
  std::optional<storage::subject_hash> identity;     ///< of core::distinguished_name::identity
};

/// The certificate name to look up, or an error with the code of the refusal: 408 for a message whose timeout has
/// passed, 400 for an issuer that is not a distinguished name, or a serial number that is not in base 10.
[[nodiscard]] core::expected<certificate_name>
read_certificate(const messaging::ecap::client_certificate_validation_request& request, core::timestamp now);

/// The code for a known credential (its password, if it has one, was right): 403 for Suspended and Revoked, 503 for a
/// row without a known status, errc::none for a valid one.
[[nodiscard]] core::errc judge(const core::client_credential& found) noexcept;

} // namespace cm::actors
