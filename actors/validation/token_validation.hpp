// The rules for replies to token validation requests (contract 4.1, 4.5). Plain functions.
#pragma once

#include "core/base/error.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/tokens/token_commands.hpp"

#include <optional>

namespace cm::actors {

/// The code for the result of a look-up: 404 for no token, 403 for Suspended and Revoked, 503 for a row without
/// a known status, errc::none for a valid token.
[[nodiscard]] core::errc judge(const std::optional<storage::found_token>& found) noexcept;

/// Whether trustful mode accepts an unknown token. The reply has the token as endpoint ID, so it must be a valid one.
[[nodiscard]] bool trustfully_accepted(const messaging::ecap::endpoint_token_validation_request& request) noexcept;

} // namespace cm::actors
