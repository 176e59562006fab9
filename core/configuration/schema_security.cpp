// Schema rows of REST authorization by an OpenID provider.
#include "core/configuration/schema.hpp"
#include "core/configuration/schema_apply.hpp"

namespace cm::core::configuration {

namespace {

using enum value_type;
using enum mark;

constexpr std::string_view oauth_group = "REST authorization";

constexpr property security_rows[]{
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.enabled",
   .type = boolean,
   .default_value = "false",
   .mark = platform,
   .availability = availability::later_refused,
   .unsafe = "the REST API would answer everybody",
   .description = "REST requests require a bearer token of the OpenID provider."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.authorize",
   .type = boolean,
   .default_value = "true",
   .mark = platform,
   .availability = availability::later,
   .description = "When false, a valid token is enough, whatever its scopes."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.base-url",
   .type = web_url,
   .mark = platform,
   .availability = availability::later,
   .description = "Base URL of the provider."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.realm",
   .mark = platform,
   .availability = availability::later,
   .description = "Realm at the provider."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.client-id",
   .mark = platform,
   .availability = availability::later,
   .description = "CM's client at the provider."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.client-secret",
   .masked = true,
   .belongs_to_secrets = true,
   .file_variable = true,
   .mark = platform,
   .availability = availability::later,
   .description = "Secret of CM's client."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.issuer-uri",
   .type = web_url,
   .availability = availability::later,
   .description = "The issuer that tokens must name."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.jwk-set-uri",
   .type = web_url,
   .availability = availability::later,
   .description = "URL of the provider's keys."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.audience",
   .availability = availability::later,
   .description = "The audience that tokens must name."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.stale-while-error",
   .type = duration,
   .default_value = "1h",
   .max_value = year_ms,
   .availability = availability::later,
   .description = "How long CM uses the last fetched keys while the provider is unavailable."},
  {.group = oauth_group,
   .key = "security.oauth2.resource-server.scopes",
   .wildcard_shape = "<ours>",
   .family = wildcard::rest,
   .default_note = "the same name",
   .mark = platform,
   .availability = availability::later,
   .description = "The provider's name of a scope. In the file only."},
};

} // namespace

std::span<const property> security_properties() {
  return security_rows;
}

} // namespace cm::core::configuration
