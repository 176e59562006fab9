#include "actors/events/outbox_metrics.hpp"

#include "core/base/time.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::actors {

namespace {

double age_seconds(std::uint64_t created_ms, core::timestamp now) noexcept {
  const auto now_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, core::to_unix_ms(now)));
  return created_ms == 0 || created_ms > now_ms ? 0.0 : static_cast<double>(now_ms - created_ms) / 1e3;
}

} // namespace

void register_outbox_metrics(core::metric_registry& registry, const std::shared_ptr<const outbox_metrics>& metrics) {
  registry.add_gauge("cm_outbox_events", "Events in the outbox that NATS has not confirmed, of all replicas.",
                     [metrics] { return metrics->pending.value(); });
  registry.add_gauge("cm_outbox_oldest_age_seconds", "Age of the oldest of these events; 0 if there is none.",
                     [metrics](const core::scrape& of) { return age_seconds(metrics->oldest_ms.value(), of.now); });
  registry.add_counter("cm_outbox_confirmed_total", "Events that this replica published and NATS confirmed.",
                       [metrics] { return metrics->confirmed.value(); });
  registry.add_counter("cm_outbox_failures_total",
                       "Attempts of this replica to publish events that were not confirmed.",
                       [metrics] { return metrics->failures.value(); });
  registry.add_counter("cm_outbox_republished_total",
                       "Revocations that this replica did not receive over NATS and therefore published again.",
                       [metrics] { return metrics->republished.value(); });
  registry.add_counter("cm_outbox_oversized_total",
                       "Attempts of this replica to publish an event that exceeds NATS's max_payload even when split.",
                       [metrics] { return metrics->oversized.value(); });
}

} // namespace cm::actors
