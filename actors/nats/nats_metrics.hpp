// The metrics of the NATS connection, its subscriptions, and the requests of 16/ECAP.
#pragma once

#include "actors/nats/ecap_protocol.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"
#include "core/observability/shared_families.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace cm::actors {

/// The number of statuses that 16/ECAP has: the first ones of core::counted_statuses.
inline constexpr std::size_t ecap_status_count = 10;
static_assert(core::counted_statuses[ecap_status_count - 1] == 503);

/// Durations of the responses of one protocol by status, from the arrival of the request to the publication of the
/// response.
template <class Counter>
using answer_counters = std::array<core::duration_histogram<Counter>, ecap_status_count>;

struct nats_metrics {
  /// Responses that the egress and the validators publish. The thread that holds the flush lock writes.
  struct alignas(64) egress_counters {
    std::array<answer_counters<core::counter>, ecap_protocol_count> answered;
    core::counter lost; ///< responses that the NATS connection did not accept
  } egress;

  /// Responses that are published elsewhere: refusals by the in-flight limiter, and responses for an actor that failed.
  /// Any thread writes, once per batch.
  struct alignas(64) background_counters {
    std::array<answer_counters<core::shared_counter>, ecap_protocol_count> answered;
    core::shared_counter lost; ///< responses that could not be made or that the NATS connection did not accept
    std::array<core::shared_counter, ecap_protocol_count> without_reply; ///< requests dropped for having no reply
                                                                         ///< subject, or one that CM may not use
  } background;

  /// By protocol, the number of requests in flight: linked to the counts of the in-flight limiters.
  std::array<core::linked_gauge, ecap_protocol_count> in_flight;

  struct alignas(64) connection_counters {
    core::counter connects;            ///< written by the NATS link
    core::gauge refused_subscriptions; ///< written by root
  } connection;

  /// By subscription: messages that the NATS library dropped because CM was too slow, and messages that are queued in
  /// the library. Each subscription writes its own entry, once a second.
  core::named_counters subscriptions;
};

/// Registers the requests of 16/ECAP.
void register_request_metrics(core::metric_registry& registry, const std::shared_ptr<const nats_metrics>& metrics);

/// Registers the connection and its subscriptions.
void register_connection_metrics(core::metric_registry& registry, const std::shared_ptr<const nats_metrics>& metrics);

} // namespace cm::actors
