// Schema rows of CM's own ports: the REST API, its TLS, and the management port.
#include "core/configuration/schema.hpp"
#include "core/configuration/schema_apply.hpp"

namespace cm::core::configuration {

namespace {

using enum value_type;
using enum mark;

constexpr std::string_view server_group = "REST API";
constexpr std::string_view management_group = "Management";

std::string shown(bool value) {
  return value ? "true" : "false";
}

constexpr property server_rows[]{
  {.group = server_group,
   .key = "server.port",
   .type = port,
   .default_value = "80",
   .mark = platform,
   .description = "Port of the REST API.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.server.port = port_in(v); }},
  {.group = server_group,
   .key = "server.ssl.enabled",
   .type = boolean,
   .default_value = "false",
   .availability = availability::later_refused,
   .unsafe = "the REST API would be served without TLS",
   .description = "HTTPS instead of HTTP."},
  {.group = server_group,
   .key = "server.ssl.certificate",
   .type = path,
   .availability = availability::later,
   .description = "Certificate chain, PEM."},
  {.group = server_group,
   .key = "server.ssl.certificate-private-key",
   .type = path,
   .availability = availability::later,
   .description = "Private key of the certificate, PEM."},
  {.group = server_group,
   .key = "server.ssl.trust-certificate",
   .type = path,
   .availability = availability::later,
   .description = "Authorities of client certificates, PEM."},
  {.group = server_group,
   .key = "server.ssl.client-auth",
   .type = choice,
   .default_value = "none",
   .choices = {"none", "want", "need"},
   .availability = availability::later,
   .description = "Whether clients must present a certificate."},

  {.group = management_group,
   .key = "management.port",
   .type = port,
   .default_value = "8080",
   .mark = platform,
   .description = "Port of health, info and metrics.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.management.port = port_in(v); }},
  {.group = management_group,
   .key = "management.security.enabled",
   .type = boolean,
   .default_value = "false",
   .mark = platform,
   .availability = availability::later_refused,
   .unsafe = "the management port would answer everybody",
   .description = "Everything except the plain status of `/health` requires a bearer token."},
  {.group = management_group,
   .key = "management.console.enabled",
   .type = boolean,
   .default_value = "false",
   .availability = availability::later,
   .description = "The operators' page for tokens."},
  {.group = management_group,
   .key = "endpoints.enabled",
   .type = boolean,
   .default_value = "true",
   .mark = platform,
   .description = "Whether the management endpoints are enabled; the key of an endpoint overrides this.",
   .apply =
     [](settings& s, const parsed_value& v, const std::string&) {
       auto& m = s.management;
       m.health_enabled = m.info_enabled = m.metrics_enabled = m.prometheus_enabled = switch_in(v);
     }},
  {.group = management_group,
   .key = "endpoints.health.enabled",
   .type = boolean,
   .default_note = "as `endpoints.enabled`",
   .mark = platform,
   .description = "`/health`.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.management.health_enabled = switch_in(v); },
   .derived = [](const settings& s) { return shown(s.management.health_enabled); }},
  {.group = management_group,
   .key = "endpoints.health.mapping",
   .wildcard_shape = "<STATUS>",
   .family = wildcard::one_part,
   .type = http_status,
   .default_note = "`UNKNOWN`: `SERVICE_UNAVAILABLE`",
   .mark = platform,
   .description = "HTTP status of `/health` for a health status. In the environment "
                  "`ENDPOINTS_HEALTH_MAPPING_<STATUS>`.",
   .apply =
     [](settings& s, const parsed_value& v, const std::string& status) {
       s.management.health_status_mapping.insert_or_assign(status, static_cast<int>(std::get<std::int64_t>(v)));
     }},
  {.group = management_group,
   .key = "endpoints.info.enabled",
   .type = boolean,
   .default_note = "as `endpoints.enabled`",
   .mark = platform,
   .description = "`/info`.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.management.info_enabled = switch_in(v); },
   .derived = [](const settings& s) { return shown(s.management.info_enabled); }},
  {.group = management_group,
   .key = "endpoints.metrics.enabled",
   .type = boolean,
   .default_note = "as `endpoints.enabled`",
   .mark = platform,
   .description = "`/metrics`.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.management.metrics_enabled = switch_in(v); },
   .derived = [](const settings& s) { return shown(s.management.metrics_enabled); }},
  {.group = management_group,
   .key = "endpoints.prometheus.enabled",
   .type = boolean,
   .default_note = "as `endpoints.enabled`",
   .description = "`/prometheus`, and the same as `/actuator/prometheus`.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.management.prometheus_enabled = switch_in(v); },
   .derived = [](const settings& s) { return shown(s.management.prometheus_enabled); }},
};

} // namespace

std::span<const property> server_properties() {
  return server_rows;
}

} // namespace cm::core::configuration
