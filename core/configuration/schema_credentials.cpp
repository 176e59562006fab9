// Schema rows of credential management: tokens, applications, cache, admission, retention.
#include "core/configuration/schema.hpp"
#include "core/configuration/schema_apply.hpp"

namespace cm::core::configuration {

namespace {

using enum value_type;
using enum mark;

constexpr std::string_view token_group = "Credentials";
constexpr std::string_view cache_group = "Cache and admission";

// "app", "app.versions" and "app.versions.version" all define the application. Other forms do not get here: sources.cpp
// reports them.
void apply_application(settings& s, const parsed_value& /*value*/, const std::string& instance) {
  constexpr std::string_view middle = ".versions.";
  const auto dot = instance.find('.');
  auto& versions = s.credentials.applications[instance.substr(0, dot)];
  if (dot != std::string::npos && instance.compare(dot, middle.size(), middle) == 0)
    versions.insert(instance.substr(dot + middle.size()));
}

constexpr property credentials_rows[]{
  {.group = token_group,
   .key = "kaa.cm.ep-token.length",
   .type = integer,
   .default_value = "10",
   .min_value = 8,
   .max_value = 255,
   .mark = platform,
   .description = "Length of the endpoint tokens that CM generates.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.credentials.token_length = count_in(v); }},
  {.group = token_group,
   .key = "kaa.cm.token-hash-key",
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .description = "Key of the hash under which token values are stored. Without it they are stored as plain SHA-256, "
                  "and a warning says so.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.token_hash_key = secret_in(v); }},
  {.group = token_group,
   .key = "kaa.cm.token-hash-key-previous",
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .availability = availability::later,
   .description = "The previous key, while tokens are migrated to the current key.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.token_hash_key_previous = secret_in(v); }},
  {.group = token_group,
   .key = "kaa.cm.trustful",
   .type = boolean,
   .default_value = "false",
   .mark = platform,
   .description = "Accept every well-formed credential without provisioning. Not for production.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.credentials.trustful = switch_in(v); }},
  {.group = token_group,
   .key = "kaa.cm.ep-register.service-instance.name",
   .type = instance_name,
   .default_value = "epr",
   .mark = platform,
   .description = "Service instance whose events about unregistered endpoints are followed.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.ep_register_instance = text_in(v); }},
  {.group = token_group,
   .key = "kaa.applications",
   .wildcard_shape = "<app>.versions.<version>",
   .family = wildcard::application,
   .type = application,
   .default_note = "every well-formed application name is accepted",
   .mark = platform,
   .description = "The applications and their versions: maps whose values may be empty. In the file only.",
   .apply = apply_application},
  {.group = token_group,
   .key = "kaa.cm.revocations.retention",
   .type = duration,
   .default_value = "7d",
   .min_value = minute_ms,
   .max_value = 10 * year_ms,
   .description = "How long `/revocations` returns a revocation.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.revocations_retention = duration_in(v); }},
  {.group = token_group,
   .key = "kaa.cm.audit.retention",
   .type = duration,
   .default_value = "365d",
   .min_value = minute_ms,
   .max_value = 100 * year_ms,
   .description = "How long the audit trail is kept.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.audit_retention = duration_in(v); }},

  {.group = cache_group,
   .key = "kaa.cm.cache.time-to-live",
   .type = duration,
   .default_value = "10s",
   .max_value = day_ms,
   .description =
     "Longest time for which a replica answers from its cache without reading the database; 0 disables the cache.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.cache_time_to_live = duration_in(v); }},
  {.group = cache_group,
   .key = "kaa.cm.cache.max-size",
   .type = size,
   .default_note = "half of the memory budget",
   .min_value = 1024,
   .max_value = std::int64_t{1} << 40U,
   .description = "Maximum memory of the cache.",
   .apply = [](settings& s, const parsed_value& v, const std::string&) { s.credentials.cache_max_bytes = count_in(v); },
   .derived = [](const settings& s) { return size_to_text(static_cast<std::int64_t>(s.credentials.cache_max_bytes)); }},
  {.group = cache_group,
   .key = "kaa.ecap.provider.concurrency",
   .type = integer,
   .default_note = "the processors that the process may use",
   .min_value = 1,
   .max_value = 1024,
   .description =
     "Number of cores to use. The default is the number of cores in the affinity mask, or the CPU quota of "
     "the container (rounded up) if that is less. CM runs half as many shared threads, token validators, "
     "event loops of the REST port and password workers, but at least one of each.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.provider_concurrency = count_in(v); },
   .derived = [](const settings& s) { return std::to_string(s.credentials.provider_concurrency); }},
  {.group = cache_group,
   .key = "kaa.ecap.provider.queue-length",
   .type = integer,
   .default_value = "4096",
   .min_value = 1,
   .max_value = 1'000'000,
   .description =
     "Maximum number of NATS requests in flight, for each protocol; CM answers further ones with 503 immediately.",
   .apply = [](settings& s, const parsed_value& v,
               const std::string&) { s.credentials.provider_queue_length = count_in(v); }},
};

} // namespace

std::span<const property> credential_properties() {
  return credentials_rows;
}

} // namespace cm::core::configuration
