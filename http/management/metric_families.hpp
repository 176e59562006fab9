// Everything that CM counts, with names and descriptions: what /prometheus, /metrics and the monitoring agent show.
#pragma once

#include "core/observability/health.hpp"
#include "core/observability/metrics.hpp"
#include "core/observability/process_usage.hpp"

#include <prometheus/metric_family.h>

#include <cstddef>
#include <vector>

namespace cm::http {

/// One look at the numbers. The references must live until the call that gets it returns.
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

/// Answers to REST requests with that status.
[[nodiscard]] core::duration_counts rest_answers(const core::metrics& counted, std::size_t status_place);

/// Answers of that protocol with that status, by whatever way they went.
[[nodiscard]] core::duration_counts ecap_answers(const core::metrics& counted, core::ecap_protocol protocol,
                                                 std::size_t status_place);

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

/// Connections that were made after the first.
[[nodiscard]] std::uint64_t nats_reconnects(const core::metrics& counted) noexcept;

} // namespace cm::http
