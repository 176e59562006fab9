// The paths of both ports: the REST API (contract section 5) and the management port (section 7).
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

/// How many values api_route has.
inline constexpr std::size_t api_route_count = 23;

enum class management_route : std::uint8_t { health, liveness, readiness, info, metrics, prometheus };

/// What a route is answered with when all goes well (errors are always JSON), and what its body has to be.
struct route_media {
  media answer = media::json;
  std::optional<media> body; ///< nothing: the route has no body, whatever comes is ignored
};

[[nodiscard]] route_media media_of(api_route route) noexcept;

/// "/api/v1/endpoints/{endpointId}/tokens": of several methods, the routes of one path have the same.
[[nodiscard]] std::string_view path_template_of(api_route route) noexcept;

/// 400 with a field error for each query parameter that an operation which writes (POST, PUT, DELETE) does not know, of
/// at most 20 names: a filter that is not understood must not widen a change. Names are compared with their case,
/// whatever the value. Nothing where all are known, and nothing for an operation that reads: that one ignores unknown
/// parameters. What an operation knows is in the table of routes. Thread-safe.
[[nodiscard]] std::optional<response> refuse_unknown_parameters(const request_head& request, api_route route);

/// Path parameters: `endpointId`, `endpointTokenId`, `credentialId`.
[[nodiscard]] router<api_route> make_api_router();

/// Whether the body goes to the session piece by piece, without the limit for a body: POST of an import, with a
/// trailing slash too, so that its 404 comes at once and not 413 after 64 KiB.
[[nodiscard]] bool takes_body_as_stream(const request_head& head) noexcept;

/// A management endpoint that is switched off is not in the table: 404.
[[nodiscard]] router<management_route> make_management_router(const core::management_settings& settings);

} // namespace cm::http
