#include "actors/supervision/service_metrics.hpp"

#include "actors/health/health_metrics.hpp"
#include "core/observability/process_metrics.hpp"

namespace cm::actors {

namespace {

void register_actor_metrics(core::metric_registry& registry,
                            const std::shared_ptr<const core::named_counters>& actors) {
  registry.add({"cm_actor_restarts_total", "Restarts of an actor after a failure.", core::metric_type::counter},
               [actors](const core::scrape&, core::sample_writer& out) {
                 for (const auto& actor : *actors->read())
                   out.add({{"actor", actor->name}}, actor->total.value());
               });
  registry.add({"cm_actor_up", "1 if the actor runs, else 0.", core::metric_type::gauge},
               [actors](const core::scrape&, core::sample_writer& out) {
                 for (const auto& actor : *actors->read())
                   out.add({{"actor", actor->name}}, actor->present.value());
               });
}

} // namespace

service_metrics::service_metrics(const sizes& of, const core::service_info& info)
  : rest(std::make_shared<cm::http::rest_metrics>(of.api_loops)), http(std::make_shared<http_metrics>(of.http_buffers)),
    token_cache(std::make_shared<token_cache_metrics>(of.validators)) {
  register_request_metrics(*registry, nats);
  cm::http::register_rest_metrics(*registry, rest);
  register_http_metrics(*registry, http);
  register_token_cache_metrics(*registry, token_cache);
  register_database_metrics(*registry, database, of.database_pool);
  register_password_metrics(*registry, passwords);
  register_removal_metrics(*registry, removals);
  register_outbox_metrics(*registry, outbox);
  register_connection_metrics(*registry, nats);
  register_actor_metrics(*registry, actors);
  register_health_metrics(*registry, info);
  core::register_process_metrics(*registry, info.started_at);
}

} // namespace cm::actors
