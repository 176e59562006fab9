#include "actors/http/http_metrics.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

using metrics_ptr = std::shared_ptr<const http_metrics>;

struct port {
  std::string_view name;
  std::shared_ptr<http::connection_counters> http_metrics::*counters;
};

constexpr std::array<port, 3> ports{port{"api", &http_metrics::api}, port{"management", &http_metrics::management},
                                    port{"agent", &http_metrics::agent}};

// A family with one sample for each port.
template <class Value>
void add_by_port(core::metric_registry& registry, core::metric_family family, const metrics_ptr& metrics, Value value) {
  registry.add(std::move(family), [metrics, value](const core::scrape&, core::sample_writer& out) {
    for (const auto& each : ports)
      out.add({{"port", each.name}}, value(*((*metrics).*(each.counters))));
  });
}

void add_refusals(core::metric_registry& registry, const metrics_ptr& metrics) {
  registry.add({"cm_http_refused_total",
                "Refused HTTP connections (address: too many of one address) and requests (memory: no room for their "
                "bytes; import, export: too many at once).",
                core::metric_type::counter},
               [metrics](const core::scrape&, core::sample_writer& out) {
                 const auto address = metrics->api->refused_address.value()
                                      + metrics->management->refused_address.value()
                                      + metrics->agent->refused_address.value();
                 out.add({{"reason", "address"}}, address);
                 out.add({{"reason", "memory"}}, metrics->memory.refused->value());
                 out.add({{"reason", "import"}}, metrics->imports->refused());
                 out.add({{"reason", "export"}}, metrics->exports->refused());
               });
}

} // namespace

void register_http_metrics(core::metric_registry& registry, const std::shared_ptr<const http_metrics>& metrics) {
  add_by_port(registry, {"cm_http_connections", "Open HTTP connections.", core::metric_type::gauge}, metrics,
              [](const http::connection_counters& of) { return of.open.value(); });
  add_by_port(registry,
              {"cm_http_connections_closed_idle_total",
               "HTTP connections that were closed for a new one, because they had waited for a request the longest.",
               core::metric_type::counter},
              metrics, [](const http::connection_counters& of) { return of.closed_idle.value(); });
  add_by_port(registry,
              {"cm_http_accept_failures_total", "Failures to accept an HTTP connection.", core::metric_type::counter},
              metrics, [](const http::connection_counters& of) { return of.accept_errors.value(); });
  add_refusals(registry, metrics);
  registry.add(
    {"cm_http_buffer_bytes", "Bytes that requests and responses of the REST port hold.", core::metric_type::gauge},
    [metrics](const core::scrape&, core::sample_writer& out) {
      out.add({}, static_cast<std::uint64_t>(metrics->memory.budget->held()));
    });
  registry.add({"cm_http_buffer_limit_bytes", "Bytes that requests and responses of the REST port may hold.",
                core::metric_type::gauge},
               [metrics](const core::scrape&, core::sample_writer& out) {
                 out.add({}, static_cast<std::uint64_t>(metrics->memory.budget->limit()));
               });
  registry.add({"cm_http_streams", "Imports and exports that run.", core::metric_type::gauge},
               [metrics](const core::scrape&, core::sample_writer& out) {
                 out.add({{"kind", "import"}}, static_cast<std::uint64_t>(metrics->imports->running()));
                 out.add({{"kind", "export"}}, static_cast<std::uint64_t>(metrics->exports->running()));
               });
}

} // namespace cm::actors
