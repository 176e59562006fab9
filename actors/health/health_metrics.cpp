#include "actors/health/health_metrics.hpp"

#include <chrono>
#include <cstdint>

namespace cm::actors {

namespace {

std::uint64_t up_value(core::health_status status) noexcept {
  return status == core::health_status::up ? 1 : 0;
}

} // namespace

void register_health_metrics(core::metric_registry& registry, const core::service_info& info) {
  using core::metric_type;
  using core::sample_writer;
  using core::scrape;
  registry.add({"cm_health_up", "1 if the component of /health is UP, else 0.", metric_type::gauge},
               [](const scrape& of, sample_writer& out) {
                 out.add({{"component", "db"}}, up_value(of.health.db.status));
                 out.add({{"component", "nats"}}, up_value(of.health.nats.status));
                 out.add({{"component", "license"}}, up_value(of.health.license.status));
                 out.add({{"component", "outbox"}}, up_value(of.health.outbox.status));
                 out.add({{"component", "actors"}}, up_value(of.health.actors.status));
               });
  registry.add_gauge("cm_ready", "1 if CM serves requests, as in /health/readiness, else 0.",
                     [](const scrape& of) { return std::uint64_t{of.health.ready ? 1U : 0U}; });
  registry.add(
    {"cm_license_remaining_seconds", "Time until the license expires; negative after that.", metric_type::gauge},
    [](const scrape& of, sample_writer& out) {
      if (of.health.license.expires)
        out.add({}, std::chrono::duration<double>(*of.health.license.expires - of.now).count());
    });
  registry.add({"cm_build_info", "Always 1; the labels name the version and the commit.", metric_type::gauge},
               [version = info.version, commit = info.commit](const scrape&, sample_writer& out) {
                 out.add({{"version", version}, {"commit", commit}}, std::uint64_t{1});
               });
}

} // namespace cm::actors
