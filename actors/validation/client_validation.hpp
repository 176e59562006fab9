// What requests about client credentials are answered with (contract 4.1, 4.5): the rules, without any actor.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/client_credential.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/clients/client_commands.hpp"

#include <optional>
#include <string>

namespace cm::actors {

/// The code of an answer that needs no look-up: 408 for a message past its time, 400 for a username or password that
/// is missing or cannot be (REST would not have taken it). Nothing means: look it up.
[[nodiscard]] std::optional<core::errc>
refuse_early(const messaging::ecap::client_username_password_validation_request& request, core::timestamp now);

/// A certificate as it is stored.
struct certificate_name {
  std::string issuer;        ///< canonical
  std::string serial_number; ///< decimal, without leading zeros
  storage::subject_hash subject{};
};

/// What to look up, or the code of an answer that needs no look-up: 408, or 400 for an issuer that is no distinguished
/// name and a serial number that is not in base 10.
[[nodiscard]] core::expected<certificate_name>
read_certificate(const messaging::ecap::client_certificate_validation_request& request, core::timestamp now);

/// The code for a credential that is known, after its password was right: 403 for Suspended and Revoked.
[[nodiscard]] core::errc judge(const core::client_credential& found) noexcept;

} // namespace cm::actors
