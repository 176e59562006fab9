// The paths of both ports: the REST API (contract section 5) and the management port (section 7).
#pragma once

#include "core/settings.hpp"
#include "http/router.hpp"

#include <cstdint>

namespace cm::http {

enum class api_route : std::uint8_t { list_endpoint_tokens, create_endpoint_token };

enum class management_route : std::uint8_t { health, liveness, readiness, info };

/// Path parameters: `endpointId`.
[[nodiscard]] router<api_route> make_api_router();

/// A management endpoint that is switched off is not in the table: 404.
[[nodiscard]] router<management_route> make_management_router(const core::management_settings& settings);

} // namespace cm::http
