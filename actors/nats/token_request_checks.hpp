// Requests about endpoint tokens that can be answered without a look-up (contract 4.1, 4.2), without any actor.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "messaging/records/ecap.hpp"

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

} // namespace cm::actors
