#include "http/rest/router.hpp"
#include "http/rest/routes.hpp"
#include "parsed.hpp"
#include "rest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <stdexcept>

using cm::http::api_route;
using cm::http::management_route;
using cm::http::route_outcome;
using cm::test::header;
using cm::test::make_request;

TEST_CASE("API routes are found by method and path") {
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

TEST_CASE("Every API operation has the expected method, path and media types") {
  const auto table = cm::http::make_api_router();

  struct row {
    std::string_view verb;
    std::string_view target;
    api_route route;
  };

  const std::vector<row> rows{
    {"GET", "/api/v1/endpoints/e/tokens", api_route::list_endpoint_tokens},
    {"POST", "/api/v1/endpoints/e/tokens", api_route::create_endpoint_token},
    {"DELETE", "/api/v1/endpoints/e/tokens", api_route::delete_endpoint_tokens},
    {"GET", "/api/v1/endpoints/e/tokens/t", api_route::get_endpoint_token},
    {"DELETE", "/api/v1/endpoints/e/tokens/t", api_route::delete_endpoint_token},
    {"PUT", "/api/v1/endpoints/e/tokens/t/status", api_route::set_endpoint_token_status},
    {"GET", "/api/v1/endpoints/e/tokens/t/history", api_route::endpoint_token_history},
    {"POST", "/api/v1/endpoint-tokens/import", api_route::import_endpoint_tokens},
    {"GET", "/api/v1/endpoint-tokens/export", api_route::export_endpoint_tokens},
    {"GET", "/api/v1/clients/credentials", api_route::list_basic_credentials},
    {"POST", "/api/v1/clients/credentials", api_route::create_basic_credential},
    {"GET", "/api/v1/clients/credentials/c", api_route::get_basic_credential},
    {"DELETE", "/api/v1/clients/credentials/c", api_route::delete_basic_credential},
    {"PUT", "/api/v1/clients/credentials/c/status", api_route::set_basic_credential_status},
    {"PUT", "/api/v1/clients/credentials/c/password", api_route::set_basic_credential_password},
    {"GET", "/api/v1/clients/certificates", api_route::list_x509_credentials},
    {"POST", "/api/v1/clients/certificates", api_route::create_x509_credential},
    {"GET", "/api/v1/clients/certificates/c", api_route::get_x509_credential},
    {"DELETE", "/api/v1/clients/certificates/c", api_route::delete_x509_credential},
    {"PUT", "/api/v1/clients/certificates/c/status", api_route::set_x509_credential_status},
    {"GET", "/api/v1/revocations", api_route::list_revocations},
    {"GET", "/api/v1/openapi.yaml", api_route::openapi},
    {"GET", "/api/v1/docs", api_route::docs},
  };
  REQUIRE(rows.size() == cm::http::api_route_count);
  for (const auto& row : rows) {
    INFO(row.verb << " " << row.target);
    const auto request = make_request(row.verb, row.target);
    const auto found = table.match(request);
    REQUIRE(found.outcome == route_outcome::matched);
    CHECK(found.route == row.route);
    // Media types of request bodies, streams and documents.
    const auto media = cm::http::media_of(row.route);
    CHECK(media.body.has_value() == (row.verb == "POST" || row.verb == "PUT"));
    CHECK(takes_body_as_stream(request) == (row.route == api_route::import_endpoint_tokens));
  }
  CHECK(table.match(make_request("PUT", "/api/v1/endpoints/e/tokens/t/history")).outcome
        == route_outcome::method_not_allowed);
}

TEST_CASE("Streams use ndjson; documents have their own media types") {
  using cm::http::media;
  CHECK(cm::http::media_of(api_route::import_endpoint_tokens).answer == media::ndjson);
  CHECK(cm::http::media_of(api_route::import_endpoint_tokens).body == media::ndjson);
  CHECK(cm::http::media_of(api_route::export_endpoint_tokens).answer == media::ndjson);
  CHECK(cm::http::media_of(api_route::openapi).answer == media::yaml);
  CHECK(cm::http::media_of(api_route::docs).answer == media::html);
  CHECK(cm::http::media_of(api_route::create_endpoint_token).body == media::json);
  CHECK(cm::http::media_of(api_route::list_revocations).answer == media::json);
}

TEST_CASE("Only POST of an import streams its body") {
  CHECK(takes_body_as_stream(make_request("POST", "/api/v1/endpoint-tokens/import?x=1")));
  CHECK(takes_body_as_stream(make_request("POST", "/api/v1/endpoint%2Dtokens/import/")));
  CHECK(!takes_body_as_stream(make_request("PUT", "/api/v1/endpoint-tokens/import")));
  CHECK(!takes_body_as_stream(make_request("GET", "/api/v1/endpoint-tokens/import")));
  CHECK(!takes_body_as_stream(make_request("POST", "/api/v1/endpoint-tokens/export")));
  CHECK(!takes_body_as_stream(make_request("POST", "/api/v1/endpoint-tokens/import/x")));
}

TEST_CASE("An unknown path is 404") {
  const auto table = cm::http::make_api_router();
  const std::string target =
    GENERATE("/", "/api/v1/endpoints/e", "/api/v1/endpoints//tokens", "/API/v1/endpoints/e/tokens",
             "//api/v1/endpoints/e/tokens", "/api/v1/endpoints/e/tokens/x/y", "/api/v1/endpoints/e/tokens//");
  const auto request = make_request("GET", target);
  const auto found = table.match(request);
  CHECK(found.outcome == route_outcome::not_found);
  CHECK(cm::http::answer_unmatched(request, found).status == 404);
}

TEST_CASE("Writing operations do not match a trailing slash") {
  const auto table = cm::http::make_api_router();

  struct row {
    std::string_view verb;
    std::string_view target;
  };

  const std::vector<row> not_found{
    {"DELETE", "/api/v1/endpoints/e/tokens/"},
    {"DELETE", "/api/v1/endpoints/e/tokens/?status=Revoked"},
    {"DELETE", "/api/v1/endpoints/e/tokens/?"},
    {"DELETE", "http://cm/api/v1/endpoints/e/tokens/"},
    {"DELETE", "/api/v1/endpoints/e/tokens//"},
    {"DELETE", "/api/v1/endpoints/e//tokens"},
    {"DELETE", "/api/v1/endpoints//tokens"},
    {"DELETE", "/api/v1/endpoints//tokens/t"},
    {"DELETE", "/api/v1//endpoints/e/tokens"},
    {"DELETE", "//api/v1/endpoints/e/tokens"},
    {"DELETE", "/api/v1/endpoints/e/tokens%2F"},
    {"DELETE", "/api/v1/endpoints/e%2Ftokens"},
    {"DELETE", "/api/v1/endpoints/e/tokens/t/"},
    {"POST", "/api/v1/endpoints/e/tokens/"},
    {"PUT", "/api/v1/endpoints/e/tokens/"},
    {"PATCH", "/api/v1/endpoints/e/tokens/"},
    {"PUT", "/api/v1/endpoints/e/tokens/t/status/"},
    {"PUT", "/api/v1/endpoints/e/tokens//status"},
    {"POST", "/api/v1/endpoint-tokens/import/"},
    {"POST", "/api/v1/clients/credentials/"},
    {"DELETE", "/api/v1/clients/credentials/"},
    {"DELETE", "/api/v1/clients/credentials/c/"},
    {"PUT", "/api/v1/clients/credentials/c/password/"},
    {"PUT", "/api/v1/clients/credentials//password"},
    {"POST", "/api/v1/clients/certificates/"},
    {"DELETE", "/api/v1/clients/certificates/c/"},
    {"PUT", "/api/v1/clients/certificates/c/status/"},
  };
  for (const auto& request : not_found) {
    INFO(request.verb << " " << request.target);
    CHECK(table.match(make_request(request.verb, request.target)).outcome == route_outcome::not_found);
  }
}

TEST_CASE("Reading methods ignore a trailing slash, and OPTIONS lists only them") {
  const auto table = cm::http::make_api_router();
  for (const std::string_view target : {"/api/v1/endpoints/e/tokens/", "/api/v1/clients/credentials/c/",
                                        "/api/v1/endpoint-tokens/export/", "/api/v1/revocations/"}) {
    INFO(target);
    CHECK(table.match(make_request("GET", target)).outcome == route_outcome::matched);
    CHECK(table.match(make_request("HEAD", target)).outcome == route_outcome::matched);
    const auto options = table.match(make_request("OPTIONS", target));
    CHECK(options.outcome == route_outcome::options);
    CHECK(options.allow == "GET, HEAD, OPTIONS");
  }
  CHECK(table.match(make_request("OPTIONS", "/api/v1/endpoints/e/tokens/t/status/")).outcome
        == route_outcome::not_found);
  // 405, because the path has no writing operation without the slash either.
  CHECK(table.match(make_request("PUT", "/api/v1/revocations/")).outcome == route_outcome::method_not_allowed);
}

TEST_CASE("A writing operation reports unknown query parameters") {
  struct row {
    std::string_view verb;
    std::string target;
    std::vector<std::string> fields;
  };

  std::string many = "?x";
  for (int i = 0; i < 1000; ++i)
    many += "&" + std::to_string(i);
  const std::string tokens = "/api/v1/endpoints/e/tokens";
  const std::vector<row> rows{
    {"DELETE", tokens + "?status=Revoked", {"status"}},
    {"DELETE", tokens + "?Status=Revoked&STATUS", {"Status", "STATUS"}},
    {"DELETE", tokens + "?force", {"force"}},
    {"DELETE", tokens + "?force=", {"force"}},
    {"DELETE", tokens + "?%73tatus=a&status=b&limit=1", {"status", "limit"}},
    {"DELETE", tokens + "?+a%00=1", {std::string{" a\0", 3}}},
    {"DELETE", tokens + "?=1", {""}},
    {"DELETE", tokens + "?", {}},
    {"DELETE", tokens + "?&&", {}},
    {"POST", tokens + "?a", {"a"}},
    {"DELETE", tokens + "/t?a", {"a"}},
    {"PUT", tokens + "/t/status?a", {"a"}},
    {"POST", "/api/v1/endpoint-tokens/import?applicationName=x", {"applicationName"}},
    {"POST", "/api/v1/clients/credentials?a", {"a"}},
    {"DELETE", "/api/v1/clients/credentials/c?a", {"a"}},
    {"PUT", "/api/v1/clients/credentials/c/status?a", {"a"}},
    {"PUT", "/api/v1/clients/credentials/c/password?a", {"a"}},
    {"POST", "/api/v1/clients/certificates?a", {"a"}},
    {"DELETE", "/api/v1/clients/certificates/c?a", {"a"}},
    {"PUT", "/api/v1/clients/certificates/c/status?a", {"a"}},
    {"GET", tokens + "?a", {}},
    {"HEAD", tokens + "?a", {}},
  };
  const auto table = cm::http::make_api_router();
  for (const auto& row : rows) {
    INFO(row.verb << " " << row.target);
    const auto request = make_request(row.verb, row.target);
    const auto found = table.match(request);
    REQUIRE(found.outcome == route_outcome::matched);
    const auto refused = cm::http::refuse_unknown_parameters(request, found.route);
    REQUIRE(refused.has_value() == !row.fields.empty());
    if (!refused)
      continue;
    CHECK(refused->status == 400);
    cm::test::names named;
    const auto body = boost::json::parse(refused->body);
    for (const auto& error : body.at("errors").as_array())
      named.emplace_back(error.at("field").as_string());
    CHECK(named == row.fields);
  }
  // The response lists at most 20 of them.
  const auto request = make_request("DELETE", tokens + many);
  const auto refused = cm::http::refuse_unknown_parameters(request, api_route::delete_endpoint_tokens);
  REQUIRE(refused);
  CHECK(boost::json::parse(refused->body).at("errors").as_array().size() == 20);
}

TEST_CASE("An unsupported method is 405 with the supported ones in Allow") {
  const auto table = cm::http::make_api_router();
  const std::string verb = GENERATE("PUT", "BREW", "PATCH");
  const auto request = make_request(verb, "/api/v1/endpoints/e/tokens");
  const auto found = table.match(request);
  REQUIRE(found.outcome == route_outcome::method_not_allowed);
  const auto answer = cm::http::answer_unmatched(request, found);
  CHECK(answer.status == 405);
  CHECK(header(answer, "Allow") == "GET, HEAD, POST, DELETE, OPTIONS");
}

TEST_CASE("OPTIONS lists the methods of a path") {
  const auto table = cm::http::make_api_router();
  const auto request = make_request("OPTIONS", "/api/v1/endpoints/e/tokens");
  const auto answer = cm::http::answer_unmatched(request, table.match(request));
  CHECK(answer.status == 204);
  CHECK(header(answer, "Allow") == "GET, HEAD, POST, DELETE, OPTIONS");
  CHECK(table.match(make_request("OPTIONS", "*")).outcome == route_outcome::not_found);
}

TEST_CASE("Management endpoints have a second path with .json; a disabled one is 404 under both") {
  cm::core::management_settings settings;
  const auto outcome = [&](const std::string& target) {
    return cm::http::make_management_router(settings).match(make_request("GET", target)).outcome;
  };
  CHECK(outcome("/health") == route_outcome::matched);
  CHECK(outcome("/health/liveness") == route_outcome::matched);
  CHECK(outcome("/health/readiness") == route_outcome::matched);
  CHECK(outcome("/info") == route_outcome::matched);
  CHECK(cm::http::make_management_router(settings).match(make_request("GET", "/info")).route == management_route::info);
  for (const auto* json : {"/health.json", "/health/liveness.json", "/health/readiness.json", "/info.json",
                           "/metrics.json", "/metrics/mem", "/metrics/mem.free"}) {
    INFO(json);
    CHECK(outcome(json) == route_outcome::matched);
  }
  for (const auto* other : {"/health.xml", "/health.JSON", "/healthjson", "/prometheus.json", "/metrics/a/b"}) {
    INFO(other);
    CHECK(outcome(other) == route_outcome::not_found);
  }
  settings.health_enabled = false;
  settings.info_enabled = false;
  settings.metrics_enabled = false;
  CHECK(outcome("/health") == route_outcome::not_found);
  CHECK(outcome("/health/liveness") == route_outcome::not_found);
  CHECK(outcome("/health/readiness") == route_outcome::not_found);
  CHECK(outcome("/health.json") == route_outcome::not_found);
  CHECK(outcome("/metrics/mem") == route_outcome::not_found);
  CHECK(outcome("/info") == route_outcome::not_found);
}

TEST_CASE("An invalid path template is a logic error") {
  cm::http::route_table table;
  CHECK_THROWS_AS(table.add(cm::http::method::get, "a", 1), std::logic_error);
  CHECK_THROWS_AS(table.add(cm::http::method::get, "/{a}/{b}/{c}/{d}/{e}", 1), std::logic_error);
}
