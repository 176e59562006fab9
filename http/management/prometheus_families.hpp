// Converts collected metrics into the types of the Prometheus library.
#pragma once

#include "core/observability/metric_registry.hpp"

#include <prometheus/metric_family.h>

#include <vector>

namespace cm::http {

/// All families in the order of the registry. The buckets of histograms become cumulative, and durations seconds.
[[nodiscard]] std::vector<prometheus::MetricFamily>
prometheus_families(const std::vector<core::collected_family>& families);

} // namespace cm::http
