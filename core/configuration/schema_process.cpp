// Schema rows of the process: instance, memory, logging, license, shutdown.
#include "core/configuration/schema.hpp"
#include "core/configuration/schema_apply.hpp"

namespace cm::core::configuration {

namespace {

using enum value_type;
using enum mark;

constexpr std::string_view process_group = "Process";
constexpr std::string_view monitoring_group = "Monitoring agent";
constexpr std::string_view license_group = "License";
constexpr std::string_view logging_group = "Logging";

constexpr property process_rows[]{
  {.group = process_group,
   .variables = {"INSTANCE_NAME"},
   .type = instance_name,
   .default_value = "cm",
   .mark = platform,
   .description = "Name of the service instance: part of the NATS subjects, and the queue group.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.instance_name = text_in(v); }},
  {.group = process_group,
   .variables = {"APP_CONFIG_PATH"},
   .type = path,
   .default_value = "/srv/cm/service-config.yml",
   .mark = platform,
   .description = "The configuration file. If it cannot be read or parsed, CM does not start; an empty file is valid."},
  {.group = process_group,
   .variables = {"JAVA_OPTIONS"},
   .type = java_options,
   .default_value = "-Xmx700m",
   .mark = platform,
   .description = "`-Xmx` with `k`, `m` or `g` sets the memory budget, from which the size of the cache follows; "
                  "every other option is named in a warning and ignored.",
   .apply =
     [](settings& s, const parsed_value& v, const std::string&) {
       if (const auto bytes = std::get<jvm_options>(v).memory_bytes)
         s.memory_budget_bytes = static_cast<std::size_t>(*bytes);
     }},
  {.group = process_group,
   .key = "shutdown.timeout",
   .type = duration,
   .default_value = "30s",
   .min_value = 1000,
   .max_value = hour_ms,
   .description = "Maximum time between a request to stop and the end of the process.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.shutdown_timeout = duration_in(v); }},

  {.group = monitoring_group,
   .variables = {"JMX_ENABLE"},
   .type = boolean,
   .default_value = "false",
   .mark = platform,
   .description = "Enables the monitoring agent; requires `JMX_MONITOR_USER_PASSWORD`.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.agent.enabled = switch_in(v); }},
  {.group = monitoring_group,
   .variables = {"JMX_PORT"},
   .type = port,
   .default_value = "10500",
   .mark = platform,
   .description = "Port of the monitoring agent.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.agent.port = port_in(v); }},
  {.group = monitoring_group,
   .variables = {"JMX_MONITOR_USER_PASSWORD"},
   .masked = true,
   .file_variable = true,
   .mark = platform,
   .description = "Password of the user `monitor`; required when `JMX_ENABLE` is true.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.agent.password = secret_in(v); }},

  {.group = license_group,
   .key = "kaa.license.cert-path",
   .type = path,
   .default_value = "/run/license/license.p12",
   .mark = platform,
   .description = "The license, a PKCS #12 file.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.license.path = text_in(v); }},
  {.group = license_group,
   .key = "kaa.license.cert-password",
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .description = "Password of the license file. Required.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.license.password = secret_in(v); }},
  {.group = license_group,
   .key = "kaa.license.trusted-certificates",
   .type = readable_file,
   .description = "PEM bundle of the certificate authorities for licenses; if not set, the chain is not checked.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.license.trusted_certificates_file = text_in(v); }},
  {.group = license_group,
   .key = "kaa.license.check-interval",
   .type = duration,
   .default_value = "1h",
   .min_value = 1000,
   .max_value = day_ms,
   .description = "How often the license is checked while CM runs.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.license.check_interval = duration_in(v); }},
  {.group = license_group,
   .key = "kaa.license.grace-period",
   .type = duration,
   .default_value = "0s",
   .max_value = year_ms,
   .description = "Time after the expiry of the license during which a running CM continues normally.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.license.grace_period = duration_in(v); }},

  {.group = logging_group,
   .key = "logging.level",
   .wildcard_shape = "<logger>",
   .family = wildcard::rest,
   .type = log_level,
   .default_note = "`root`: `INFO`",
   .mark = platform,
   .description = "Level of a logger and of those below it; `root` applies to all others. In the environment "
                  "`LOGGING_LEVEL_<LOGGER>`: the name in lower case with a dot for each underscore.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string& logger) { s.logging.levels.insert_or_assign(logger, text_in(v)); }},
  {.group = logging_group,
   .key = "logging.format",
   .type = choice,
   .default_note = "`text` on a terminal, `json` elsewhere",
   .choices = {"text", "json"},
   .description = "Format of log lines.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.logging.format = text_in(v) == "json" ? log_format::json : log_format::text; }},
  {.group = logging_group,
   .key = "logging.file",
   .type = path,
   .default_note = "standard output",
   .mark = platform,
   .description = "Log file; if not set, the log goes to standard output.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.logging.file = text_in(v); }},
};

} // namespace

std::span<const property> process_properties() {
  return process_rows;
}

} // namespace cm::core::configuration
