// The metrics of the password pool.
#pragma once

#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"
#include "core/observability/shared_families.hpp"

#include <memory>
#include <utility>

namespace cm::actors {

/// Written by the password pool, every 100 ms.
struct alignas(64) password_metrics {
  core::gauge waiting;
  core::gauge busy;
};

/// Registers the queue of the pool.
inline void register_password_metrics(core::metric_registry& registry,
                                      std::shared_ptr<const password_metrics> metrics) {
  core::add_queue(registry, "passwords", [metrics = std::move(metrics)] { return metrics->waiting.value(); });
}

} // namespace cm::actors
