// The metrics of the process, under the names that Prometheus' client libraries use.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/metric_registry.hpp"

namespace cm::core {

/// @param started_at when the process started
void register_process_metrics(metric_registry& registry, timestamp started_at);

} // namespace cm::core
