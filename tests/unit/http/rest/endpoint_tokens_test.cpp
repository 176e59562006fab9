#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/routes.hpp"
#include "http/server/problem.hpp"
#include "parsed.hpp"
#include "rest.hpp"

using cm::core::credential_status;
using cm::http::sort_order;
using cm::test::header;
using cm::test::make_get;
using cm::test::make_post;
using cm::test::make_put;
using cm::test::make_request;
using cm::test::names;
using cm::test::some_id;
using cm::test::wrong_fields;

namespace {

const cm::http::router<cm::http::api_route> routes = cm::http::make_api_router();

cm::core::expected<cm::core::create_token_request> create_token(std::string_view body,
                                                                const std::string& endpoint = "ep-1") {
  const auto request = make_post("/api/v1/endpoints/" + endpoint + "/tokens", body);
  return cm::http::parse_create(request, routes.match(request).parameters);
}

cm::core::expected<cm::http::list_tokens_request> list_tokens(const std::string& query,
                                                              const std::string& endpoint = "ep-1") {
  const auto request = make_request("GET", "/api/v1/endpoints/" + endpoint + "/tokens" + query);
  return cm::http::parse_list(request, routes.match(request).parameters);
}

cm::core::endpoint_token sample_token() {
  cm::core::endpoint_token token;
  token.id = *cm::core::parse_uuid("0192f0a0-0000-7000-8000-000000000001");
  token.application = "smart_kettle";
  token.endpoint_id = "ep-1";
  token.created_at = cm::core::from_unix_ms(1795356000123);
  return token;
}

} // namespace

TEST_CASE("A create request has an application and an optional token") {
  auto result = create_token(R"({"applicationName":"smart_kettle"})");
  REQUIRE(result.has_value());
  CHECK(result->endpoint_id == "ep-1");
  CHECK(result->application_name == "smart_kettle");
  CHECK(!result->token);

  result = create_token(R"({"token":"tok en-1","applicationName":"smart_kettle","more":{"x":[1]}})");
  REQUIRE(result.has_value());
  REQUIRE(result->token);
  CHECK(result->token->reveal() == "tok en-1");

  result = create_token(R"({"token":null,"applicationName":"a"})");
  REQUIRE(result.has_value());
  CHECK(!result->token);
}

TEST_CASE("All invalid fields of a create request are reported in one response") {
  CHECK(wrong_fields(create_token("{}")) == names{"applicationName"});
  CHECK(wrong_fields(create_token(R"({"applicationName":""})")) == names{"applicationName"});
  CHECK(wrong_fields(create_token(R"({"applicationName":"Upper"})")) == names{"applicationName"});
  CHECK(wrong_fields(create_token(R"({"applicationName":7,"token":[]})")) == names{"applicationName", "token"});
  CHECK(wrong_fields(create_token(R"({"applicationName":"a","token":""})")) == names{"token"});
  CHECK(wrong_fields(create_token(R"({"token":"a/b"})", "e%20p")) == names{"endpointId", "applicationName", "token"});
  CHECK(wrong_fields(create_token(R"({"applicationName":"a","applicationName":"b"})")) == names{"applicationName"});
  CHECK(wrong_fields(create_token("")).empty());
}

TEST_CASE("Error messages do not contain the token's value") {
  const auto result = create_token(R"({"applicationName":"a","token":"very/secret"})");
  REQUIRE(!result.has_value());
  CHECK(cm::http::problem(make_request("GET", "/"), result.error()).body.find("secret") == std::string::npos);
}

TEST_CASE("A created token is rendered with its value, with members in a fixed order") {
  const auto answer = cm::http::render_created(sample_token(), cm::core::secret{"T0ken"});
  CHECK(answer.status == 201);
  CHECK(answer.sensitive);
  CHECK(answer.body
        == R"({"token":"T0ken","endpointTokenId":"0192f0a0-0000-7000-8000-000000000001",)"
           R"("applicationName":"smart_kettle","status":"Inactive","createdDate":")"
             + cm::core::to_iso8601(sample_token().created_at) + "\"}");
  CHECK(header(answer, "Location") == "/api/v1/endpoints/ep-1/tokens/0192f0a0-0000-7000-8000-000000000001");
}

TEST_CASE("A list request has defaults") {
  for (const std::string query : {"", "?", "?status=&offset=&limit=&order=", "?unknown=1"}) {
    INFO(query);
    const auto result = list_tokens(query);
    REQUIRE(result.has_value());
    CHECK(result->endpoint_id == "ep-1");
    CHECK(result->statuses.empty());
    CHECK(result->offset == 0);
    CHECK(result->limit == 20);
    CHECK(result->order == sort_order::descending);
  }
}

TEST_CASE("A list request accepts filters, page and order") {
  const auto result =
    list_tokens("?status=Active,Inactive&status=Revoked&status=Active&offset=9223372036854775807&limit=1000&order=ASC");
  REQUIRE(result.has_value());
  CHECK(result->statuses
        == std::vector{credential_status::active, credential_status::inactive, credential_status::revoked});
  CHECK(result->offset == 9223372036854775807U);
  CHECK(result->limit == 1000);
  CHECK(result->order == sort_order::ascending);
  CHECK(list_tokens("?status=Active%2CSuspended&limit=1&order=DESC")->statuses.size() == 2);
}

TEST_CASE("All invalid parameters of a list request are reported in one response") {
  CHECK(wrong_fields(list_tokens("?status=active")) == names{"status"});
  CHECK(wrong_fields(list_tokens("?status=Active,Nonsense")) == names{"status"});
  CHECK(wrong_fields(list_tokens("?offset=-1")) == names{"offset"});
  CHECK(wrong_fields(list_tokens("?offset=9223372036854775808")) == names{"offset"});
  CHECK(wrong_fields(list_tokens("?offset=1&offset=2")) == names{"offset"});
  for (const std::string limit : {"0", "1001", "x", "1x", "+1", "%201", "1.0", "99999999999"})
    CHECK(wrong_fields(list_tokens("?limit=" + limit)) == names{"limit"});
  CHECK(wrong_fields(list_tokens("?order=asc")) == names{"order"});
  CHECK(wrong_fields(list_tokens("?status=x&offset=x&limit=x&order=x", "e%2Fp"))
        == names{"endpointId", "status", "offset", "limit", "order"});
}

TEST_CASE("A page contains its items and the total") {
  auto changed = sample_token();
  changed.status = credential_status::suspended;
  changed.updated_at = cm::core::from_unix_ms(1795356000999);
  const auto created = cm::core::to_iso8601(sample_token().created_at);
  const auto answer = cm::http::render_page(make_request("GET", "/"), {sample_token(), changed}, 7, {});
  CHECK(answer.status == 200);
  CHECK(answer.body
        == R"({"content":[{"endpointTokenId":"0192f0a0-0000-7000-8000-000000000001","status":"Inactive",)"
           R"("applicationName":"smart_kettle","createdDate":")"
             + created
             + R"("},{"endpointTokenId":"0192f0a0-0000-7000-8000-000000000001","status":"Suspended",)"
               R"("applicationName":"smart_kettle","createdDate":")"
             + created + R"(","updateDate":")" + cm::core::to_iso8601(*changed.updated_at)
             + R"("}],"totalElements":7})");
  CHECK(header(answer, "ETag").size() == 42);
  CHECK(cm::http::render_page(make_request("GET", "/"), {}, 0, {}).body == R"({"content":[],"totalElements":0})");
}

TEST_CASE("A page whose tag the client already has is 304") {
  const cm::core::token_digest digest{1, 2, 3};
  const auto first = cm::http::render_page(make_request("GET", "/"), {sample_token()}, 1, digest);
  const auto tag = header(first, "ETag");
  const auto again = [&](const std::string& condition, const cm::core::token_digest& now) {
    return cm::http::render_page(make_request("GET", "/", "If-None-Match: " + condition + "\r\n"), {sample_token()}, 1,
                                 now);
  };
  const auto same = again("\"x\", W/" + tag, digest);
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(header(same, "ETag") == tag);
  CHECK(again("*", digest).status == 304);
  // A token that is not on this page has changed.
  CHECK(again(tag, {1, 2, 4}).status == 200);
  CHECK(header(again(tag, {1, 2, 4}), "ETag") != tag);
}

TEST_CASE("A path identifies a token by endpoint ID and token ID") {
  const auto path = [](const std::string& target) {
    const auto request = make_request("GET", target);
    return cm::http::parse_token_path(routes.match(request).parameters);
  };
  const auto found = path("/api/v1/endpoints/ep-1/tokens/0192F0A0-0000-7000-8000-000000000001");
  REQUIRE(found.has_value());
  CHECK(found->endpoint_id == "ep-1");
  CHECK(cm::core::to_string(found->id) == some_id);

  const auto unknown = path("/api/v1/endpoints/ep-1/tokens/1");
  REQUIRE(!unknown.has_value());
  CHECK(unknown.error().code == cm::core::errc::not_found);
  CHECK(unknown.error().message == "Endpoint token not found");
  CHECK(wrong_fields(path("/api/v1/endpoints/e%20p/tokens/1")) == names{"endpointId"});
}

TEST_CASE("A path identifies an endpoint") {
  const auto path = [](const std::string& target) {
    const auto request = make_request("DELETE", target);
    return cm::http::parse_endpoint_path(routes.match(request).parameters);
  };
  CHECK(path("/api/v1/endpoints/ep~1/tokens").value() == "ep~1");
  CHECK(wrong_fields(path("/api/v1/endpoints/e%2Fp/tokens")) == names{"endpointId"});
  CHECK(wrong_fields(path("/api/v1/endpoints/" + std::string(256, 'e') + "/tokens")) == names{"endpointId"});
}

TEST_CASE("A status body contains one of the four states") {
  const auto status = [](std::string_view body) { return cm::http::parse_status_body(make_put("/", body)); };
  CHECK(status(R"({"status":"Suspended","more":1})").value() == credential_status::suspended);
  CHECK(status(R"({"status":"Inactive"})").value() == credential_status::inactive);
  for (const std::string_view body : {R"({})", R"({"status":null})", R"({"status":2})", R"({"status":"suspended"})",
                                      R"({"status":""})", R"({"status":"Active","status":"Active"})"}) {
    INFO(body);
    CHECK(wrong_fields(status(body)) == names{"status"});
  }
  CHECK(wrong_fields(status("")).empty());
  CHECK(wrong_fields(status("[]")).empty());
}

TEST_CASE("A token is rendered with the entity tag that conditions are compared with") {
  const auto answer = cm::http::render_token(make_get("/"), sample_token());
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/json");
  CHECK(answer.body
        == R"({"endpointTokenId":"0192f0a0-0000-7000-8000-000000000001","status":"Inactive",)"
           R"("applicationName":"smart_kettle","createdDate":")"
             + cm::core::to_iso8601(sample_token().created_at) + "\"}");
  const auto tag = cm::http::entity_tag_of(sample_token());
  CHECK(header(answer, "ETag") == tag);

  const auto same = cm::http::render_token(make_get("/", tag), sample_token());
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(same.content_type.empty());
  CHECK(header(same, "ETag") == tag);

  auto other = sample_token();
  other.status = credential_status::active;
  other.updated_at = other.created_at;
  CHECK(cm::http::entity_tag_of(other) != tag);
  const auto changed = cm::http::render_changed_token(other);
  CHECK(changed.status == 200);
  CHECK(header(changed, "ETag") == cm::http::entity_tag_of(other));
  CHECK(changed.body == cm::http::render_token(make_get("/", tag), other).body);
}

TEST_CASE("The tag of a page covers all tokens of the endpoint, independent of page and filter") {
  const cm::core::token_digest digest{5, 2, 3};
  const auto tag = cm::http::entity_tag_of_list(digest);
  CHECK(header(cm::http::render_page(make_get("/"), {sample_token(), sample_token()}, 2, digest), "ETag") == tag);
  CHECK(header(cm::http::render_page(make_get("/"), {}, 0, digest), "ETag") == tag);
  CHECK(header(cm::http::render_page(make_get("/", tag), {}, 0, digest), "ETag") == tag);
  for (const auto& other : {cm::core::token_digest{4, 2, 3}, {5, 3, 3}, {5, 2, 2}, {5, 3, 2}})
    CHECK(cm::http::entity_tag_of_list(other) != tag);
}

TEST_CASE("parse_page reads offset and limit") {
  CHECK(cm::http::parse_page(make_get("/")).value().offset == 0);
  CHECK(cm::http::parse_page(make_get("/")).value().limit == 20);
  CHECK(cm::http::parse_page(make_get("/?offset=3&limit=1000")).value().offset == 3);
  CHECK(cm::http::parse_page(make_get("/?offset=3&limit=1000")).value().limit == 1000);
  CHECK(wrong_fields(cm::http::parse_page(make_get("/?offset=x&limit=0"))) == names{"offset", "limit"});
  CHECK(wrong_fields(cm::http::parse_page(make_get("/?limit=1001"))) == names{"limit"});
}

TEST_CASE("A history omits empty members") {
  cm::core::audit_record created;
  created.at = sample_token().created_at;
  created.to = credential_status::inactive;
  created.how = cm::core::channel::import;
  created.correlation_id = "c-1";
  cm::core::audit_record suspended = created;
  suspended.from = credential_status::inactive;
  suspended.to = credential_status::suspended;
  suspended.how = cm::core::channel::rest;
  suspended.actor = "some\"body";
  cm::core::audit_record deleted = created;
  deleted.from = credential_status::suspended;
  deleted.to = std::nullopt;
  deleted.how = cm::core::channel::elce;
  const std::string date = cm::core::to_iso8601(created.at);
  const auto answer = cm::http::render_history(make_get("/"), {deleted, suspended, created}, 12);
  CHECK(answer.status == 200);
  CHECK(answer.body
        == R"({"content":[{"date":")" + date + R"(","from":"Suspended","how":"elce","correlationId":"c-1"},{"date":")"
             + date + R"(","from":"Inactive","to":"Suspended","by":"some\"body","how":"rest","correlationId":"c-1"},)"
             + R"({"date":")" + date
             + R"(","to":"Inactive","how":"import","correlationId":"c-1"}],"totalElements":12})");
  CHECK(cm::http::render_history(make_get("/", header(answer, "ETag")), {deleted, suspended, created}, 12).status
        == 304);
}

TEST_CASE("A deletion is answered without a body") {
  CHECK(cm::http::no_content().status == 204);
  CHECK(cm::http::no_content().body.empty());
}
