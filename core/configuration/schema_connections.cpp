// Schema rows of the services that CM connects to: NATS, MariaDB, Tekton.
#include "core/configuration/schema.hpp"
#include "core/configuration/schema_apply.hpp"

namespace cm::core::configuration {

namespace {

using enum value_type;
using enum mark;

constexpr std::string_view nats_group = "NATS";
constexpr std::string_view database_group = "MariaDB";
constexpr std::string_view tekton_group = "Tekton";

void apply_jdbc_url(settings& s, const parsed_value& v, const std::string& /*instance*/) {
  const auto& url = std::get<core::jdbc_url>(v);
  s.database.hosts = url.hosts;
  s.database.database = url.database;
  s.database.tls = url.tls;
  s.database.tls_ca_file = url.tls_ca_file;
  if (url.connect_timeout)
    s.database.connect_timeout = *url.connect_timeout;
  if (url.socket_timeout)
    s.database.socket_timeout = *url.socket_timeout;
  s.database.username = url.username;
  s.database.password = url.password;
}

void apply_nats_urls(settings& s, const parsed_value& v, const std::string& /*instance*/) {
  const auto& servers = std::get<nats_servers>(v);
  s.nats.urls = servers.urls;
  s.nats.username = servers.username;
  s.nats.password = servers.password;
}

constexpr property connections_rows[]{
  {.group = nats_group,
   .key = "nats.urls",
   .type = nats_urls,
   .default_value = "nats://nats:4222",
   .mark = platform,
   .description =
     "The servers of the NATS cluster, separated by commas or as a YAML list; `tls://` for TLS. A missing scheme means "
     "`nats://`, the default port is 4222, and empty items are skipped. A login in a URL is accepted with a warning, "
     "percent-decoded (`%40` is @); the keys below take precedence.",
   .apply = apply_nats_urls},
  {.group = nats_group,
   .key = "nats.username",
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .description = "NATS login.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.nats.username = text_in(v); }},
  {.group = nats_group,
   .key = "nats.password",
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .description = "NATS login.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.nats.password = secret_in(v); }},
  {.group = nats_group,
   .key = "nats.tls.ca",
   .type = readable_file,
   .default_note = "the system's authorities",
   .description = "Certificate authorities of the servers, PEM.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.nats.tls_ca_file = text_in(v); }},
  {.group = nats_group,
   .key = "nats.tls.certificate",
   .type = readable_file,
   .description = "Client certificate, PEM; together with `nats.tls.key`.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.nats.tls_certificate_file = text_in(v); }},
  {.group = nats_group,
   .key = "nats.tls.key",
   .type = readable_file,
   .description = "Private key of the client certificate, PEM.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.nats.tls_key_file = text_in(v); }},

  {.group = database_group,
   .key = "spring.datasource.url",
   .type = jdbc_url,
   .default_value = "jdbc:mariadb://mariadb:3306/cm",
   .mark = platform,
   .description = "JDBC URL of the database, see below.",
   .apply = apply_jdbc_url},
  {.group = database_group,
   .key = "spring.datasource.username",
   .variables = {"MARIADB_USERNAME"},
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .description = "MariaDB login.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.database.username = text_in(v); }},
  {.group = database_group,
   .key = "spring.datasource.password",
   .variables = {"MARIADB_PASSWORD"},
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .description = "MariaDB login.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.database.password = secret_in(v); }},
  {.group = database_group,
   .key = "spring.datasource.hikari.maximum-pool-size",
   .aliases = {"spring.datasource.tomcat.max-active"},
   .type = integer,
   .default_value = "8",
   .min_value = 1,
   .max_value = 256,
   .mark = platform,
   .description = "Connections to the database, each with a thread of its own.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.database.pool_size = count_in(v); }},

  {.group = tekton_group,
   .key = "kaa.tekton.enabled",
   .type = boolean,
   .default_value = "false",
   .mark = platform,
   .description = "Take applications and versions from Tekton.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.tekton.enabled = switch_in(v); }},
  {.group = tekton_group,
   .key = "kaa.tekton.url",
   .type = web_url,
   .default_value = "http://tekton",
   .mark = platform,
   .description = "Base URL of Tekton's REST API; `http` only in this release.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.tekton.url = text_in(v); }},
  {.group = tekton_group,
   .key = "scmp.consumer.provider.service-instance.name",
   .type = instance_name,
   .default_value = "tekton",
   .mark = platform,
   .description = "Service instance whose configuration events are followed.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.tekton.instance = text_in(v); }},
};

} // namespace

std::span<const property> connection_properties() {
  return connections_rows;
}

} // namespace cm::core::configuration
