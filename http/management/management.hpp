// The health and info endpoints of the management port (contract sections 7.1 and 7.2).
#pragma once

#include "core/configuration/settings.hpp"
#include "core/observability/health.hpp"
#include "http/server/response.hpp"

#include <cstdint>

namespace cm::http {

enum class health_detail : std::uint8_t {
  full,
  status_only, ///< for requests without a valid bearer token while management.security.enabled
};

/// `/health`. HTTP status: the one that `endpoints.health.mapping` assigns to the overall status; by default 200 for UP
/// and 503 for all others.
[[nodiscard]] response render_health(const core::health_snapshot& snapshot, const core::management_settings& settings,
                                     health_detail detail = health_detail::full);

/// `/health/liveness`: 200 UP or 503 DOWN.
[[nodiscard]] response render_liveness(const core::health_snapshot& snapshot);

/// `/health/readiness`: 200 UP or 503 OUT_OF_SERVICE.
[[nodiscard]] response render_readiness(const core::health_snapshot& snapshot);

/// `/info`.
[[nodiscard]] response render_info(const core::service_info& info);

} // namespace cm::http
