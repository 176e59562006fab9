// The routes of both ports: REST API (contract section 5) and management port (contract section 7).
#pragma once

#include "core/configuration/settings.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/router.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cm::http {

enum class api_route : std::uint8_t {
  list_endpoint_tokens,
  create_endpoint_token,
  delete_endpoint_tokens,
  get_endpoint_token,
  delete_endpoint_token,
  set_endpoint_token_status,
  endpoint_token_history,
  import_endpoint_tokens,
  export_endpoint_tokens,
  list_basic_credentials,
  create_basic_credential,
  get_basic_credential,
  delete_basic_credential,
  set_basic_credential_status,
  set_basic_credential_password,
  list_x509_credentials,
  create_x509_credential,
  get_x509_credential,
  delete_x509_credential,
  set_x509_credential_status,
  list_revocations,
  openapi,
  docs,
};

/// Number of values of api_route.
inline constexpr std::size_t api_route_count = 23;

enum class management_route : std::uint8_t { health, liveness, readiness, info, metrics, single_metric, prometheus };

/// Media types of a route's successful response (errors are always JSON) and of its request body.
struct route_media {
  media answer = media::json;
  std::optional<media> body; ///< nullopt: the route has no request body; a body that is sent is ignored
};

[[nodiscard]] route_media media_of(api_route route) noexcept;

/// For example "/api/v1/endpoints/{endpointId}/tokens". Routes that differ only in the method have the same template.
[[nodiscard]] std::string_view path_template_of(api_route route) noexcept;

/// Whether the operation writes: its method is not GET. A body of a reading operation is ignored.
[[nodiscard]] bool changes_something(api_route route) noexcept;

/// Rejects unknown query parameters of writing operations (POST, PUT, DELETE): if a misspelled filter were ignored, the
/// change would affect more than intended. Names are case-sensitive; the route table lists the known ones. Thread-safe.
/// @return 400 with a field error for each unknown name, at most 20; nullopt if there is none, and for reading
///   operations, which ignore unknown parameters
[[nodiscard]] std::optional<response> refuse_unknown_parameters(const request_head& request, api_route route);

/// Path parameters: `endpointId`, `endpointTokenId`, `credentialId`.
[[nodiscard]] router<api_route> make_api_router();

/// Whether the request's body is streamed, without the body limit: POST of an import. With a trailing slash too, so
/// that the request is answered with 404 immediately, and not with 413 after 64 KiB.
[[nodiscard]] bool takes_body_as_stream(const request_head& head) noexcept;

/// Disabled management endpoints are not in the table, so that they are answered with 404. As in Spring Boot 1.5, the
/// JSON endpoints have a second path with the suffix `.json`. Path parameter of `single_metric`: `name`.
[[nodiscard]] router<management_route> make_management_router(const core::management_settings& settings);

} // namespace cm::http
