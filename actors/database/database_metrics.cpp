#include "actors/database/database_metrics.hpp"

#include "core/observability/shared_families.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace cm::actors {

namespace {

// Calls `add` with the label and the metrics of each class.
template <class Add>
void for_each_class(const database_metrics& metrics, Add add) {
  for (const auto which : work_classes)
    add(std::string(to_string(which)), metrics.classes[index_of(which)]);
}

void register_class_metrics(core::metric_registry& registry, const std::shared_ptr<const database_metrics>& metrics) {
  using core::metric_type;
  using core::sample_writer;
  using core::scrape;
  registry.add(
    {"cm_database_class_entries", "Requests that wait for a database worker, by class of work.", metric_type::gauge},
    [metrics](const scrape&, sample_writer& out) {
      for_each_class(*metrics, [&](std::string name, const class_metrics& of) {
        out.add({{"class", std::move(name)}}, of.waiting.value());
      });
    });
  registry.add({"cm_database_class_refused_total",
                "Requests that were refused because the queue of their class was full.", metric_type::counter},
               [metrics](const scrape&, sample_writer& out) {
                 for_each_class(*metrics, [&](std::string name, const class_metrics& of) {
                   out.add({{"class", std::move(name)}}, of.refused.value());
                 });
               });
  registry.add({"cm_database_class_wait_seconds",
                "Time for which requests waited for a database worker, by class of work.", metric_type::histogram},
               [metrics](const scrape&, sample_writer& out) {
                 for_each_class(*metrics, [&](std::string name, const class_metrics& of) {
                   core::duration_counts waited;
                   of.wait.add_to(waited);
                   out.add({{"class", std::move(name)}}, waited);
                 });
               });
}

} // namespace

void register_database_metrics(core::metric_registry& registry, const std::shared_ptr<const database_metrics>& metrics,
                               std::size_t pool_size) {
  using core::metric_type;
  using core::sample_writer;
  using core::scrape;
  registry.add_gauge("cm_database_pool_connections_max", "Maximum number of connections of the pool.",
                     [pool_size] { return std::uint64_t{pool_size}; });
  registry.add({"cm_database_pool_connections", "Connections of the pool to MariaDB by state.", metric_type::gauge},
               [metrics](const scrape&, sample_writer& out) {
                 const auto connections = metrics->connections.value();
                 const auto busy = std::min(connections, metrics->busy.value());
                 out.add({{"state", "busy"}}, busy);
                 out.add({{"state", "idle"}}, connections - busy);
               });
  registry.add({"cm_database_clock_skew_seconds",
                "How far the clock of this replica is ahead of MariaDB's; negative if it is behind.",
                metric_type::gauge},
               [metrics](const scrape&, sample_writer& out) {
                 if (const auto skew = metrics->clock_skew_ms.value())
                   out.add({}, static_cast<double>(*skew) / 1e3);
               });
  register_class_metrics(registry, metrics);
  core::add_queue(registry, "database_lookups", [metrics] { return metrics->waiting_lookups.value(); });
  core::add_queue(registry, "database_commands", [metrics] { return metrics->waiting_commands.value(); });
  core::add_queue(registry, "first_uses", [metrics] { return metrics->waiting_activations.value(); });
}

} // namespace cm::actors
