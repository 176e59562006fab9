#include "http/router.hpp"
#include "http/routes.hpp"
#include "parsed.hpp"

#include <stdexcept>

using cm::http::api_route;
using cm::http::management_route;
using cm::http::route_outcome;
using cm::test::make_request;

namespace {

std::string header(const cm::http::response& answer, std::string_view name) {
  for (const auto& [own, value] : answer.headers) {
    if (own == name)
      return value;
  }
  return {};
}

} // namespace

TEST_CASE("The API's routes are found by method and path") {
  const auto table = cm::http::make_api_router();
  const auto list = make_request("GET", "/api/v1/endpoints/a%7Eb/tokens?limit=1");
  auto found = table.match(list);
  REQUIRE(found.outcome == route_outcome::matched);
  CHECK(found.route == api_route::list_endpoint_tokens);
  CHECK(found.parameters["endpointId"] == "a~b");
  CHECK(found.parameters["other"].empty());

  found = table.match(make_request("POST", "/api/v1/endpoints/e/tokens"));
  REQUIRE(found.outcome == route_outcome::matched);
  CHECK(found.route == api_route::create_endpoint_token);

  found = table.match(make_request("HEAD", "/api/v1/endpoints/e/tokens/"));
  REQUIRE(found.outcome == route_outcome::matched);
  CHECK(found.route == api_route::list_endpoint_tokens);
}

TEST_CASE("A path that is in no table is 404") {
  const auto table = cm::http::make_api_router();
  const std::string target =
    GENERATE("/", "/api/v1/endpoints/e", "/api/v1/endpoints//tokens", "/API/v1/endpoints/e/tokens",
             "//api/v1/endpoints/e/tokens", "/api/v1/endpoints/e/tokens/x/y", "/api/v1/endpoints/e/tokens//");
  const auto request = make_request("GET", target);
  const auto found = table.match(request);
  CHECK(found.outcome == route_outcome::not_found);
  CHECK(cm::http::answer_unmatched(request, found).status == 404);
}

TEST_CASE("A method that a path does not have is 405 with all that it has") {
  const auto table = cm::http::make_api_router();
  const std::string verb = GENERATE("DELETE", "PUT", "BREW", "PATCH");
  const auto request = make_request(verb, "/api/v1/endpoints/e/tokens");
  const auto found = table.match(request);
  REQUIRE(found.outcome == route_outcome::method_not_allowed);
  const auto answer = cm::http::answer_unmatched(request, found);
  CHECK(answer.status == 405);
  CHECK(header(answer, "Allow") == "GET, HEAD, POST, OPTIONS");
}

TEST_CASE("OPTIONS tells the methods of a path") {
  const auto table = cm::http::make_api_router();
  const auto request = make_request("OPTIONS", "/api/v1/endpoints/e/tokens");
  const auto answer = cm::http::answer_unmatched(request, table.match(request));
  CHECK(answer.status == 204);
  CHECK(header(answer, "Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(table.match(make_request("OPTIONS", "*")).outcome == route_outcome::not_found);
}

TEST_CASE("A management endpoint that is switched off is 404") {
  cm::core::management_settings settings;
  const auto outcome = [&](const std::string& target) {
    return cm::http::make_management_router(settings).match(make_request("GET", target)).outcome;
  };
  CHECK(outcome("/health") == route_outcome::matched);
  CHECK(outcome("/health/liveness") == route_outcome::matched);
  CHECK(outcome("/health/readiness") == route_outcome::matched);
  CHECK(outcome("/info") == route_outcome::matched);
  CHECK(cm::http::make_management_router(settings).match(make_request("GET", "/info")).route == management_route::info);
  settings.health_enabled = false;
  settings.info_enabled = false;
  CHECK(outcome("/health") == route_outcome::not_found);
  CHECK(outcome("/health/liveness") == route_outcome::not_found);
  CHECK(outcome("/health/readiness") == route_outcome::not_found);
  CHECK(outcome("/info") == route_outcome::not_found);
}

TEST_CASE("A path template that cannot be right is a fault of ours") {
  cm::http::route_table table;
  CHECK_THROWS_AS(table.add(cm::http::method::get, "a", 1), std::logic_error);
  CHECK_THROWS_AS(table.add(cm::http::method::get, "/{a}/{b}/{c}/{d}/{e}", 1), std::logic_error);
}
