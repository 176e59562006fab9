// The checks of requests about endpoint tokens that need no look-up (contract 4.1). Plain functions.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "messaging/records/ecap.hpp"

#include <optional>

namespace cm::actors {

/// The code of a refusal that needs no look-up, checked in this order: 408 for a message whose timeout has passed, 400
/// for a malformed token or application name, 404 for an unknown application. Empty: the token must be looked up.
[[nodiscard]] std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_validation_request& request,
                                                     const application_directory& directory, core::timestamp now);

/// The same for a status transition; a target that is not a status is 400 too.
[[nodiscard]] std::optional<core::errc>
refuse_early(const messaging::ecap::endpoint_token_status_transition_request& request,
             const application_directory& directory, core::timestamp now);

} // namespace cm::actors
