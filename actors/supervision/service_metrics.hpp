// The metrics of all components.
#pragma once

#include "actors/changes/removal_metrics.hpp"
#include "actors/database/database_metrics.hpp"
#include "actors/events/outbox_metrics.hpp"
#include "actors/http/http_metrics.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "actors/validation/password_metrics.hpp"
#include "actors/validation/token_cache_metrics.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/health.hpp"
#include "core/observability/metric_registry.hpp"
#include "http/rest/rest_metrics.hpp"

#include <cstddef>
#include <memory>

namespace cm::actors {

/// Root owns them and gives each actor its own component's. So the counters survive the restart of the actor and stay
/// monotonic. The constructor registers all families, in the order of docs/metrics.md.
struct service_metrics {
  struct sizes {
    std::size_t validators = 1;
    std::size_t api_loops = 1;
    std::size_t database_pool = 0;                           ///< maximum number of connections
    std::size_t http_buffers = std::size_t{4} * 1024 * 1024; ///< bytes
  };

  service_metrics(const sizes& of, const core::service_info& info);

  std::shared_ptr<core::metric_registry> registry = std::make_shared<core::metric_registry>();
  std::shared_ptr<nats_metrics> nats = std::make_shared<nats_metrics>();
  std::shared_ptr<cm::http::rest_metrics> rest;
  std::shared_ptr<http_metrics> http;
  std::shared_ptr<token_cache_metrics> token_cache;
  std::shared_ptr<database_metrics> database = std::make_shared<database_metrics>();
  std::shared_ptr<password_metrics> passwords = std::make_shared<password_metrics>();
  std::shared_ptr<removal_metrics> removals = std::make_shared<removal_metrics>();
  std::shared_ptr<outbox_metrics> outbox = std::make_shared<outbox_metrics>();

  /// By actor: the number of restarts, and whether it runs (1 or 0). Written by root.
  std::shared_ptr<core::named_counters> actors = std::make_shared<core::named_counters>();
};

} // namespace cm::actors
