#include "http/management/metric_families.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cm::http {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct label {
  std::string_view name;
  std::string_view value;
};

constexpr std::string_view rest_protocol = "rest";

std::vector<ClientMetric::Label> labels_of(std::initializer_list<label> labels) {
  std::vector<ClientMetric::Label> out;
  for (const auto& label : labels)
    out.push_back({std::string(label.name), std::string(label.value)});
  return out;
}

double seconds(std::uint64_t nanoseconds) noexcept {
  return static_cast<double>(nanoseconds) / 1e9;
}

class family_list {
public:
  void begin(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
  }

  void add(std::initializer_list<label> labels, double value) {
    auto& family = families_.back();
    ClientMetric metric;
    metric.label = labels_of(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }

  void add(std::initializer_list<label> labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }

  void add(std::initializer_list<label> labels, const core::duration_counts& durations) {
    ClientMetric metric;
    metric.label = labels_of(labels);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < core::duration_counts::bounds.size(); ++i) {
      so_far += durations.counts[i];
      metric.histogram.bucket.push_back(
        {so_far, std::chrono::duration<double>(core::duration_counts::bounds[i]).count()});
    }
    metric.histogram.sample_count = so_far + durations.counts.back();
    metric.histogram.sample_sum = seconds(durations.sum_ns);
    families_.back().metric.push_back(std::move(metric));
  }

  template <class Value>
  void counter(std::string name, std::string help, Value value) {
    begin(std::move(name), std::move(help), MetricType::Counter);
    add({}, value);
  }

  template <class Value>
  void gauge(std::string name, std::string help, Value value) {
    begin(std::move(name), std::move(help), MetricType::Gauge);
    add({}, value);
  }

  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

private:
  std::vector<MetricFamily> families_;
};

std::string status_text(std::size_t status_index) {
  const auto status = core::counted_statuses[status_index];
  return status == 0 ? "other" : std::to_string(status);
}

constexpr std::array ecap_protocols{core::ecap_protocol::ep_token, core::ecap_protocol::ep_token_status,
                                    core::ecap_protocol::client_password, core::ecap_protocol::client_certificate};

void add_requests(family_list& out, const core::metrics& counted) {
  struct row {
    std::string_view protocol;
    std::size_t status_index;
    core::duration_counts durations;
  };

  std::vector<row> rows;
  for (const auto protocol : ecap_protocols) {
    for (std::size_t status_index = 0; status_index < core::ecap_status_count; ++status_index)
      rows.push_back({core::to_string(protocol), status_index, ecap_answers(counted, protocol, status_index)});
  }
  for (std::size_t status_index = 0; status_index < core::counted_statuses.size(); ++status_index)
    rows.push_back({rest_protocol, status_index, rest_answers(counted, status_index)});

  out.begin("cm_requests_total", "Requests that were answered, by protocol (those of 16/ECAP, and rest) and status.",
            MetricType::Counter);
  for (const auto& row : rows)
    out.add({{"protocol", row.protocol}, {"status", status_text(row.status_index)}}, row.durations.total());
  out.begin(
    "cm_request_duration_seconds",
    "Time from the arrival of a request to its answer's way out; statuses that were given at least once, and 200.",
    MetricType::Histogram);
  for (const auto& row : rows) {
    if (core::counted_statuses[row.status_index] == 200 || row.durations.total() > 0)
      out.add({{"protocol", row.protocol}, {"status", status_text(row.status_index)}}, row.durations);
  }
}

std::uint64_t read(const std::atomic<std::shared_ptr<const std::atomic<std::size_t>>>& count) {
  const auto present = count.load();
  return present ? present->load(std::memory_order_relaxed) : 0;
}

void add_ecap(family_list& out, const core::metrics& counted) {
  out.begin("cm_requests_in_flight", "Requests of 16/ECAP between their arrival and their answer.", MetricType::Gauge);
  for (const auto protocol : ecap_protocols)
    out.add({{"protocol", core::to_string(protocol)}}, read(counted.in_flight[static_cast<std::size_t>(protocol)]));
  out.begin("cm_requests_without_reply_total", "Requests of 16/ECAP that named nobody to answer, and were dropped.",
            MetricType::Counter);
  for (const auto protocol : ecap_protocols)
    out.add({{"protocol", core::to_string(protocol)}},
            counted.background.without_reply[static_cast<std::size_t>(protocol)].value());
}

void add_cache(family_list& out, const core::metrics& counted) {
  const auto cache = token_cache_counts(counted);
  out.begin("cm_token_cache_lookups_total",
            "Tokens looked for in memory: hit, miss, or bypassed while not all revocations are heard.",
            MetricType::Counter);
  out.add({{"result", "hit"}}, cache.hits);
  out.add({{"result", "miss"}}, cache.misses);
  out.add({{"result", "bypassed"}}, cache.bypassed);
  out.counter("cm_token_cache_evictions_total", "Tokens that left memory before their time, for want of room.",
              cache.evicted);
  out.gauge("cm_token_cache_entries", "Tokens in memory.", cache.entries);
  out.gauge("cm_token_cache_size_bytes", "Memory that these tokens and their index take.", cache.bytes);
}

void add_storage(family_list& out, const core::metrics& counted) {
  out.gauge("cm_database_pool_connections_max", "Connections that the pool may have.",
            static_cast<std::uint64_t>(counted.database_pool()));
  out.begin("cm_database_pool_connections", "Connections of the pool to MariaDB, by what they do.", MetricType::Gauge);
  const auto connections = counted.database.connections.value();
  const auto busy = std::min(connections, counted.database.busy.value());
  out.add({{"state", "busy"}}, busy);
  out.add({{"state", "idle"}}, connections - busy);
  out.begin("cm_database_clock_skew_seconds",
            "How far the clock of this replica is ahead of MariaDB's; negative where it is behind.", MetricType::Gauge);
  if (const auto skew = counted.database.clock_skew_ms.value())
    out.add({}, static_cast<double>(*skew) / 1e3);
  out.begin("cm_queue_entries", "What waits in the queues between the actors.", MetricType::Gauge);
  out.add({{"queue", "database_lookups"}}, counted.database.waiting_lookups.value());
  out.add({{"queue", "database_commands"}}, counted.database.waiting_commands.value());
  out.add({{"queue", "first_uses"}}, counted.database.waiting_activations.value());
  out.add({{"queue", "passwords"}}, counted.passwords.waiting.value());
  out.add({{"queue", "unregistered_endpoints"}}, read(counted.unregistered));
  out.begin("cm_unregistered_endpoints_lost_total", "Unregistered endpoints whose tokens CM does not delete, by why.",
            MetricType::Counter);
  for (std::size_t i = 0; i < core::removal_loss_count; ++i)
    out.add({{"reason", std::string(to_string(static_cast<core::removal_loss>(i)))}}, counted.lost_removals[i].value());
}

void add_outbox(family_list& out, const metrics_source& from) {
  const auto& outbox = from.counted.outbox;
  const auto oldest = outbox.oldest_ms.value();
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, core::to_unix_ms(from.now)));
  out.gauge("cm_outbox_events", "Events in the outbox that NATS has not confirmed, of all replicas.",
            outbox.pending.value());
  out.gauge("cm_outbox_oldest_age_seconds", "Age of the oldest of them; 0 where there is none.",
            oldest == 0 || oldest > now ? 0.0 : static_cast<double>(now - oldest) / 1e3);
  out.counter("cm_outbox_confirmed_total", "Events that this replica published and NATS confirmed.",
              outbox.confirmed.value());
  out.counter("cm_outbox_failures_total", "Attempts of this replica to publish events that were not confirmed.",
              outbox.failures.value());
  out.counter("cm_outbox_republished_total",
              "Revocations that this replica did not hear over NATS, and published as well.",
              outbox.republished.value());
  out.counter("cm_outbox_oversized_total",
              "Attempts of this replica to publish an event that does not fit NATS's max_payload even in parts.",
              outbox.oversized.value());
}

void add_nats(family_list& out, const core::metrics& counted) {
  out.counter("cm_nats_reconnects_total", "Connections to NATS that were made after the first.",
              nats_reconnects(counted));
  out.gauge("cm_nats_refused_subscriptions", "Subscriptions that NATS does not permit; /health names them in warnings.",
            counted.nats.refused_subscriptions.value());
  const auto subscriptions = counted.subscriptions.read();
  out.begin("cm_nats_dropped_messages_total",
            "Messages that a subscription lost because too many waited (slow consumer).", MetricType::Counter);
  for (const auto& subscription : *subscriptions)
    out.add({{"subscription", subscription->name}}, subscription->total.value());
  out.begin("cm_nats_pending_messages", "Messages that have arrived for a subscription and wait to be decoded.",
            MetricType::Gauge);
  for (const auto& subscription : *subscriptions)
    out.add({{"subscription", subscription->name}}, subscription->present.value());
  out.counter("cm_nats_lost_answers_total", "Answers that could not be published.",
              counted.egress.lost.value() + counted.background.lost.value());
}

void add_actors(family_list& out, const core::metrics& counted) {
  const auto actors = counted.actors.read();
  out.begin("cm_actor_restarts_total", "How often an actor failed and was started again.", MetricType::Counter);
  for (const auto& actor : *actors)
    out.add({{"actor", actor->name}}, actor->total.value());
  out.begin("cm_actor_up", "Whether an actor runs.", MetricType::Gauge);
  for (const auto& actor : *actors)
    out.add({{"actor", actor->name}}, actor->present.value());
}

void add_health(family_list& out, const metrics_source& from) {
  const auto up = [](core::health_status status) { return std::uint64_t{status == core::health_status::up ? 1U : 0U}; };
  const auto& health = from.health;
  out.begin("cm_health_up", "Whether a component of /health is UP.", MetricType::Gauge);
  out.add({{"component", "db"}}, up(health.db.status));
  out.add({{"component", "nats"}}, up(health.nats.status));
  out.add({{"component", "license"}}, up(health.license.status));
  out.add({{"component", "outbox"}}, up(health.outbox.status));
  out.add({{"component", "actors"}}, up(health.actors.status));
  out.gauge("cm_ready", "Whether CM serves: all of /health/readiness.", std::uint64_t{health.ready ? 1U : 0U});
  out.begin("cm_license_remaining_seconds", "Time to the end of the license; negative after it.", MetricType::Gauge);
  if (health.license.expires)
    out.add({}, std::chrono::duration<double>(*health.license.expires - from.now).count());
  out.begin("cm_build_info", "1; the labels say what runs.", MetricType::Gauge);
  out.add({{"version", from.info.version}, {"commit", from.info.commit}}, std::uint64_t{1});
}

void add_process(family_list& out, const metrics_source& from) {
  const auto& process = from.process;
  out.counter("process_cpu_seconds_total", "User and system time of the process.", process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.", process.open_descriptors);
  out.gauge("process_max_fds", "Most file descriptors that may be open.", process.max_descriptors);
  out.gauge("process_threads", "Threads.", process.threads);
  out.gauge("process_start_time_seconds", "Start of the process, in Unix time.",
            static_cast<double>(core::to_unix_ms(from.info.started_at)) / 1e3);
}

} // namespace

core::duration_counts rest_answers(const core::metrics& counted, std::size_t status_index) {
  core::duration_counts out;
  for (const auto& loop : counted.api_loops())
    loop->add_to(status_index, out);
  return out;
}

core::duration_counts ecap_answers(const core::metrics& counted, core::ecap_protocol protocol,
                                   std::size_t status_index) {
  core::duration_counts out;
  const auto index = static_cast<std::size_t>(protocol);
  counted.egress.answered[index][status_index].add_to(out);
  counted.background.answered[index][status_index].add_to(out);
  return out;
}

cache_counts token_cache_counts(const core::metrics& counted) {
  cache_counts out;
  for (const auto& validator : counted.validators()) {
    out.hits += validator->hits.value();
    out.misses += validator->misses.value();
    out.bypassed += validator->bypassed.value();
    out.evicted += validator->evicted.value();
    out.entries += validator->entries.value();
    out.bytes += validator->bytes.value();
  }
  return out;
}

std::uint64_t nats_reconnects(const core::metrics& counted) noexcept {
  return std::max<std::uint64_t>(1, counted.nats.connects.value()) - 1;
}

std::vector<MetricFamily> collect_metrics(const metrics_source& from) {
  family_list out;
  add_requests(out, from.counted);
  add_ecap(out, from.counted);
  add_cache(out, from.counted);
  add_storage(out, from.counted);
  add_outbox(out, from);
  add_nats(out, from.counted);
  add_actors(out, from.counted);
  add_health(out, from);
  add_process(out, from);
  return out.take();
}

} // namespace cm::http
