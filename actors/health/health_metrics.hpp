// The metrics of the health snapshot and of the license, and the build.
#pragma once

#include "core/observability/health.hpp"
#include "core/observability/metric_registry.hpp"

namespace cm::actors {

void register_health_metrics(core::metric_registry& registry, const core::service_info& info);

} // namespace cm::actors
