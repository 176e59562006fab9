// What /prometheus, /metrics and the Jolokia agent show.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/health.hpp"
#include "core/observability/metric_registry.hpp"
#include "core/observability/process_usage.hpp"
#include "http/rest/rest_metrics.hpp"

#include <cstddef>
#include <vector>

namespace cm::http {

/// The sources of one page. The referenced objects must outlive the call that receives it.
struct metrics_source {
  const core::metric_registry& registry;
  const rest_metrics& rest;
  const core::health_snapshot& health;
  const core::process_usage& process;
  const core::service_info& info;
  std::size_t memory_budget = 0; ///< bytes
  core::timestamp now{};

  [[nodiscard]] std::vector<core::collected_family> collect() const { return registry.collect({now, health, process}); }
};

} // namespace cm::http
