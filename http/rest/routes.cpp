#include "http/rest/routes.hpp"

#include "http/rest/query.hpp"
#include "http/server/problem.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

namespace {

constexpr std::string_view tokens = "/api/v1/endpoints/{endpointId}/tokens";
constexpr std::string_view token = "/api/v1/endpoints/{endpointId}/tokens/{endpointTokenId}";
constexpr std::string_view basics = "/api/v1/clients/credentials";
constexpr std::string_view basic = "/api/v1/clients/credentials/{credentialId}";
constexpr std::string_view x509s = "/api/v1/clients/certificates";
constexpr std::string_view x509 = "/api/v1/clients/certificates/{credentialId}";

} // namespace

route_media media_of(api_route route) noexcept {
  switch (route) {
  case api_route::create_endpoint_token:
  case api_route::set_endpoint_token_status:
  case api_route::create_basic_credential:
  case api_route::set_basic_credential_status:
  case api_route::set_basic_credential_password:
  case api_route::create_x509_credential:
  case api_route::set_x509_credential_status:
    return {media::json, media::json};
  case api_route::import_endpoint_tokens:
    return {media::ndjson, media::ndjson};
  case api_route::export_endpoint_tokens:
    return {media::ndjson, std::nullopt};
  case api_route::openapi:
    return {media::yaml, std::nullopt};
  case api_route::docs:
    return {media::html, std::nullopt};
  case api_route::list_endpoint_tokens:
  case api_route::delete_endpoint_tokens:
  case api_route::get_endpoint_token:
  case api_route::delete_endpoint_token:
  case api_route::endpoint_token_history:
  case api_route::list_basic_credentials:
  case api_route::get_basic_credential:
  case api_route::delete_basic_credential:
  case api_route::list_x509_credentials:
  case api_route::get_x509_credential:
  case api_route::delete_x509_credential:
  case api_route::list_revocations:
    break;
  }
  return {media::json, std::nullopt};
}

namespace {

struct api_entry {
  method verb = method::other;
  std::string_view path_template;
  api_route route{};
  /// The query parameters of a writing operation; all others are answered with 400. Empty for reading operations, which
  /// ignore unknown parameters.
  std::span<const std::string_view> query_parameters{};
};

// In the order of api_route.
constexpr std::array<api_entry, api_route_count> api_table{{
  {method::get, tokens, api_route::list_endpoint_tokens},
  {method::post, tokens, api_route::create_endpoint_token},
  {method::delete_, tokens, api_route::delete_endpoint_tokens},
  {method::get, token, api_route::get_endpoint_token},
  {method::delete_, token, api_route::delete_endpoint_token},
  {method::put, "/api/v1/endpoints/{endpointId}/tokens/{endpointTokenId}/status", api_route::set_endpoint_token_status},
  {method::get, "/api/v1/endpoints/{endpointId}/tokens/{endpointTokenId}/history", api_route::endpoint_token_history},
  {method::post, "/api/v1/endpoint-tokens/import", api_route::import_endpoint_tokens},
  {method::get, "/api/v1/endpoint-tokens/export", api_route::export_endpoint_tokens},
  {method::get, basics, api_route::list_basic_credentials},
  {method::post, basics, api_route::create_basic_credential},
  {method::get, basic, api_route::get_basic_credential},
  {method::delete_, basic, api_route::delete_basic_credential},
  {method::put, "/api/v1/clients/credentials/{credentialId}/status", api_route::set_basic_credential_status},
  {method::put, "/api/v1/clients/credentials/{credentialId}/password", api_route::set_basic_credential_password},
  {method::get, x509s, api_route::list_x509_credentials},
  {method::post, x509s, api_route::create_x509_credential},
  {method::get, x509, api_route::get_x509_credential},
  {method::delete_, x509, api_route::delete_x509_credential},
  {method::put, "/api/v1/clients/certificates/{credentialId}/status", api_route::set_x509_credential_status},
  {method::get, "/api/v1/revocations", api_route::list_revocations},
  {method::get, "/api/v1/openapi.yaml", api_route::openapi},
  {method::get, "/api/v1/docs", api_route::docs},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < api_table.size(); ++i) {
    if (static_cast<std::size_t>(api_table[i].route) != i)
      return false;
  }
  return true;
}

static_assert(in_order());

} // namespace

std::string_view path_template_of(api_route route) noexcept {
  return api_table[static_cast<std::size_t>(route)].path_template;
}

router<api_route> make_api_router() {
  router<api_route> table{};
  for (const auto& entry : api_table)
    table.add({entry.verb, entry.path_template, entry.route});
  return table;
}

bool changes_something(api_route route) noexcept {
  return api_table[static_cast<std::size_t>(route)].verb != method::get;
}

std::optional<response> refuse_unknown_parameters(const request_head& request, api_route route) {
  constexpr std::size_t max_errors = 20;
  if (!changes_something(route))
    return std::nullopt;
  const auto& entry = api_table[static_cast<std::size_t>(route)];
  std::vector<core::field_error> errors;
  for (const auto name : request.parameter_names()) {
    const bool known =
      std::find(entry.query_parameters.begin(), entry.query_parameters.end(), name) != entry.query_parameters.end();
    const bool named =
      std::any_of(errors.begin(), errors.end(), [&](const auto& error) { return error.field == name; });
    if (!known && !named && errors.size() < max_errors)
      errors.push_back({std::string{name}, "is not a query parameter of this operation"});
  }
  if (errors.empty())
    return std::nullopt;
  return problem(request, invalid_request(std::move(errors)));
}

bool takes_body_as_stream(const request_head& head) noexcept {
  constexpr std::array<std::string_view, 4> import_path{"api", "v1", "endpoint-tokens", "import"};
  if (head.verb() != method::post || head.segment_count() != import_path.size())
    return false;
  for (std::size_t i = 0; i < import_path.size(); ++i) {
    if (head.segment(i) != import_path[i])
      return false;
  }
  return true;
}

router<management_route> make_management_router(const core::management_settings& settings) {
  router<management_route> table{};
  const auto add_json = [&table](const std::string& path, management_route route) {
    table.add({method::get, path, route});
    table.add({method::get, path + ".json", route});
  };
  if (settings.health_enabled) {
    add_json("/health", management_route::health);
    add_json("/health/liveness", management_route::liveness);
    add_json("/health/readiness", management_route::readiness);
  }
  if (settings.info_enabled)
    add_json("/info", management_route::info);
  if (settings.metrics_enabled) {
    add_json("/metrics", management_route::metrics);
    table.add({method::get, "/metrics/{name}", management_route::single_metric});
  }
  if (settings.prometheus_enabled) {
    table.add({method::get, "/prometheus", management_route::prometheus});
    table.add({method::get, "/actuator/prometheus", management_route::prometheus});
  }
  return table;
}

} // namespace cm::http
