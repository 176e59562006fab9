// The rules for replies to requests about client credentials (contract 4.1, 4.5). Plain functions.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/client_credential.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/clients/client_commands.hpp"

#include <optional>
#include <string>

namespace cm::actors {

/// The code of a refusal that needs no look-up: 408 for a message whose timeout has passed, 400 for a username or
/// password that is missing or malformed, so that the REST API would not have accepted it. Empty: the username must be
/// looked up.
[[nodiscard]] std::optional<core::errc>
refuse_early(const messaging::ecap::client_username_password_validation_request& request, core::timestamp now);

/// The name of a certificate as it is stored.
struct certificate_name {
  std::string issuer;        ///< canonical
  std::string serial_number; ///< decimal, without leading zeros
  storage::subject_hash subject{};
};

/// The certificate name to look up, or an error with the code of the refusal: 408 for a message whose timeout has
/// passed, 400 for an issuer that is not a distinguished name, or a serial number that is not in base 10.
[[nodiscard]] core::expected<certificate_name>
read_certificate(const messaging::ecap::client_certificate_validation_request& request, core::timestamp now);

/// The code for a known credential (its password, if it has one, was right): 403 for Suspended and Revoked, 503 for a
/// row without a known status, errc::none for a valid one.
[[nodiscard]] core::errc judge(const core::client_credential& found) noexcept;

} // namespace cm::actors
