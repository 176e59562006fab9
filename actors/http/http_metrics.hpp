// The metrics of the HTTP ports: connections, buffers and streams, with their bounds.
#pragma once

#include "actors/http/stream_slots.hpp"
#include "core/memory/byte_budget.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"
#include "http/server/connection_table.hpp"
#include "http/server/memory_queue.hpp"

#include <cstddef>
#include <memory>

namespace cm::actors {

/// What the ports share with the metrics. Immutable, but for the counters.
struct http_metrics {
  /// @param buffers bytes that the connections of the REST port may hold together
  explicit http_metrics(std::size_t buffers) { memory.budget = std::make_shared<core::byte_budget>(buffers); }

  http::memory_bounds memory; ///< of the REST port
  std::shared_ptr<http::connection_counters> api = std::make_shared<http::connection_counters>();
  std::shared_ptr<http::connection_counters> management = std::make_shared<http::connection_counters>();
  std::shared_ptr<http::connection_counters> agent = std::make_shared<http::connection_counters>();
  std::shared_ptr<stream_slots> imports = std::make_shared<stream_slots>(4);
  std::shared_ptr<stream_slots> exports = std::make_shared<stream_slots>(8);
};

void register_http_metrics(core::metric_registry& registry, const std::shared_ptr<const http_metrics>& metrics);

} // namespace cm::actors
