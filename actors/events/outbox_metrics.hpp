// The metrics of the outbox.
#pragma once

#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"

#include <memory>

namespace cm::actors {

/// Written by the event publisher.
struct alignas(64) outbox_metrics {
  core::gauge pending;
  core::gauge
    oldest_ms; ///< when the oldest pending event was created, Unix ms by this machine's clock; 0: none pending
  core::counter confirmed;
  core::counter failures;    ///< attempts to publish a batch that were not confirmed
  core::counter republished; ///< revocations by other replicas that did not arrive over NATS; the follower writes it
  core::counter oversized;   ///< attempts to publish an event that does not fit the server's max_payload even in parts
};

void register_outbox_metrics(core::metric_registry& registry, const std::shared_ptr<const outbox_metrics>& metrics);

} // namespace cm::actors
