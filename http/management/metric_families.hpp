// All metrics of CM with names and descriptions, for /prometheus, /metrics and the Jolokia agent.
#pragma once

#include "core/observability/health.hpp"
#include "core/observability/metrics.hpp"
#include "core/observability/process_usage.hpp"

#include <prometheus/metric_family.h>

#include <cstddef>
#include <vector>

namespace cm::http {

/// The sources of all metrics. The referenced objects must outlive the call that receives it.
struct metrics_source {
  const core::metrics& counted;
  const core::health_snapshot& health;
  const core::process_usage& process;
  const core::service_info& info;
  std::size_t memory_budget = 0; ///< bytes
  core::timestamp now{};
};

/// All families in the order of docs/metrics.md.
[[nodiscard]] std::vector<prometheus::MetricFamily> collect_metrics(const metrics_source& from);

/// Number and durations of the REST responses with a status.
/// @param status_index index in core::counted_statuses
[[nodiscard]] core::duration_counts rest_answers(const core::metrics& counted, std::size_t status_index);

/// Number and durations of the responses of a protocol with a status, over all threads that send them.
/// @param status_index index in core::counted_statuses, below core::ecap_status_count
[[nodiscard]] core::duration_counts ecap_answers(const core::metrics& counted, core::ecap_protocol protocol,
                                                 std::size_t status_index);

/// The sums over all validators.
struct cache_counts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t bypassed = 0;
  std::uint64_t evicted = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

[[nodiscard]] cache_counts token_cache_counts(const core::metrics& counted);

/// Number of connections to NATS after the first one.
[[nodiscard]] std::uint64_t nats_reconnects(const core::metrics& counted) noexcept;

} // namespace cm::http
