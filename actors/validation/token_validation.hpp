// What requests about endpoint tokens are answered with (contract 4.1, 4.5), without any actor.
#pragma once

#include "core/base/error.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/tokens/token_commands.hpp"

#include <optional>

namespace cm::actors {

/// The code for what the look-up found: 404 for nothing, 403 for Suspended and Revoked, errc::none for a valid token.
[[nodiscard]] core::errc judge(const std::optional<storage::found_token>& found) noexcept;

/// Whether trustful mode takes an unknown token: it has to be an endpoint ID too, as it is taken for one.
[[nodiscard]] bool trustfully_accepted(const messaging::ecap::endpoint_token_validation_request& request) noexcept;

} // namespace cm::actors
