#include "actors/database/database_metrics.hpp"

#include "core/observability/shared_families.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::actors {

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
  core::add_queue(registry, "database_lookups", [metrics] { return metrics->waiting_lookups.value(); });
  core::add_queue(registry, "database_commands", [metrics] { return metrics->waiting_commands.value(); });
  core::add_queue(registry, "first_uses", [metrics] { return metrics->waiting_activations.value(); });
}

} // namespace cm::actors
