// What requests about endpoint tokens are answered with (contract 4.1, 4.5): the rules, without any actor.
#pragma once

#include "actors/changes/application_directory.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/token.hpp"
#include "messaging/records/ecap.hpp"
#include "storage/tokens/token_commands.hpp"

#include <optional>

namespace cm::actors {

/// The code of an answer that needs no look-up, in this order: 408 for a message past its time, 400 for a token or an
/// application name that cannot be, 404 for an application that is not known. Nothing means: look it up.
[[nodiscard]] std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_validation_request& request,
                                                     const application_directory& directory, core::timestamp now);

/// The same for a status transition: a target that is no status is 400 too.
[[nodiscard]] std::optional<core::errc>
refuse_early(const messaging::ecap::endpoint_token_status_transition_request& request,
             const application_directory& directory, core::timestamp now);

/// The code for what the look-up found: 404 for nothing, 403 for Suspended and Revoked, errc::none for a valid token.
[[nodiscard]] core::errc judge(const std::optional<storage::found_token>& found) noexcept;

/// Whether trustful mode takes an unknown token: it has to be an endpoint ID too, as it is taken for one.
[[nodiscard]] bool trustfully_accepted(const messaging::ecap::endpoint_token_validation_request& request) noexcept;

} // namespace cm::actors
