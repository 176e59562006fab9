#include "http/routes.hpp"

namespace cm::http {

router<api_route> make_api_router() {
  return {
    {method::get, "/api/v1/endpoints/{endpointId}/tokens", api_route::list_endpoint_tokens},
    {method::post, "/api/v1/endpoints/{endpointId}/tokens", api_route::create_endpoint_token},
  };
}

router<management_route> make_management_router(const core::management_settings& settings) {
  router<management_route> table{};
  if (settings.health_enabled) {
    table.add({method::get, "/health", management_route::health});
    table.add({method::get, "/health/liveness", management_route::liveness});
    table.add({method::get, "/health/readiness", management_route::readiness});
  }
  if (settings.info_enabled)
    table.add({method::get, "/info", management_route::info});
  return table;
}

} // namespace cm::http
