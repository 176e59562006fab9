// The metrics of the database pool and the queues before it.
#pragma once

#include "actors/database/work_class.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace cm::actors {

/// Of one class of work.
struct class_metrics {
  core::gauge waiting;                          ///< requests: commands, keys, first uses
  core::counter refused;                        ///< requests, because the queue was full
  core::duration_histogram<core::counter> wait; ///< from the gate to a worker
};

/// Written by the storage gate, the gauges every 50 ms.
struct alignas(64) database_metrics {
  core::gauge connections;
  core::gauge busy;
  core::gauge waiting_lookups;
  core::gauge waiting_commands;
  core::gauge waiting_activations;
  std::array<class_metrics, work_class_count> classes; ///< in the order of work_class
  core::signed_gauge clock_skew_ms; ///< this machine's clock minus the database's; unknown before the first comparison
};

/// @param pool_size maximum number of connections
void register_database_metrics(core::metric_registry& registry, const std::shared_ptr<const database_metrics>& metrics,
                               std::size_t pool_size);

} // namespace cm::actors
