#include "actors/nats/nats_metrics.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace cm::actors {

namespace {

using core::metric_type;
using core::sample_writer;
using core::scrape;

core::duration_counts answers(const nats_metrics& metrics, std::size_t protocol, std::size_t status_index) {
  core::duration_counts out;
  metrics.egress.answered[protocol][status_index].add_to(out);
  metrics.background.answered[protocol][status_index].add_to(out);
  return out;
}

// Writes one sample per protocol. @param read returns the value for the index of a protocol
template <class Read>
core::metric_registry::collector by_protocol(Read read) {
  return [read = std::move(read)](const scrape&, sample_writer& out) {
    for (std::size_t i = 0; i < ecap_protocol_count; ++i)
      out.add({{"protocol", to_string(static_cast<ecap_protocol>(i))}}, read(i));
  };
}

// Writes one sample per subscription. @param read returns the value for its entry
template <class Read>
core::metric_registry::collector by_subscription(std::shared_ptr<const nats_metrics> metrics, Read read) {
  return [metrics = std::move(metrics), read = std::move(read)](const scrape&, sample_writer& out) {
    for (const auto& subscription : *metrics->subscriptions.read())
      out.add({{"subscription", subscription->name}}, read(*subscription));
  };
}

} // namespace

void register_request_metrics(core::metric_registry& registry, const std::shared_ptr<const nats_metrics>& metrics) {
  for (std::size_t i = 0; i < ecap_protocol_count; ++i)
    core::add_requests(registry, std::string(to_string(static_cast<ecap_protocol>(i))), ecap_status_count,
                       [metrics, i](std::size_t status_index) { return answers(*metrics, i, status_index); });
  registry.add(
    {"cm_requests_in_flight", "Requests of 16/ECAP that have arrived and are not answered yet.", metric_type::gauge},
    by_protocol([metrics](std::size_t i) { return metrics->in_flight[i].value(); }));
  registry.add({"cm_requests_without_reply_total",
                "Requests of 16/ECAP that were dropped because they have no reply subject, or one that CM may not use.",
                metric_type::counter},
               by_protocol([metrics](std::size_t i) { return metrics->background.without_reply[i].value(); }));
}

void register_connection_metrics(core::metric_registry& registry, const std::shared_ptr<const nats_metrics>& metrics) {
  using entry = core::named_counters::entry;
  registry.add_counter("cm_nats_reconnects_total", "Connections to NATS after the first one.",
                       [metrics] { return std::max<std::uint64_t>(1, metrics->connection.connects.value()) - 1; });
  registry.add_gauge("cm_nats_refused_subscriptions",
                     "Subscriptions that NATS does not permit; /health names them in warnings.",
                     [metrics] { return metrics->connection.refused_subscriptions.value(); });
  registry.add({"cm_nats_dropped_messages_total",
                "Messages that a subscription lost because its queue was full (slow consumer).", metric_type::counter},
               by_subscription(metrics, [](const entry& subscription) { return subscription.total.value(); }));
  registry.add({"cm_nats_pending_messages", "Messages that have arrived for a subscription and wait to be decoded.",
                metric_type::gauge},
               by_subscription(metrics, [](const entry& subscription) { return subscription.present.value(); }));
  registry.add_counter("cm_nats_lost_answers_total", "Responses that could not be published.",
                       [metrics] { return metrics->egress.lost.value() + metrics->background.lost.value(); });
}

} // namespace cm::actors
