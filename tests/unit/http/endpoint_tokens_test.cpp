#include "core/time.hpp"
#include "core/uuid.hpp"
#include "http/endpoint_tokens.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"
#include "parsed.hpp"

using cm::core::credential_status;
using cm::http::sort_order;
using cm::test::make_post;
using cm::test::make_request;

namespace {

const cm::http::router<cm::http::api_route> routes = cm::http::make_api_router();

cm::core::expected<cm::http::create_token_request> create(std::string_view body, const std::string& endpoint = "ep-1") {
  const auto request = make_post("/api/v1/endpoints/" + endpoint + "/tokens", body);
  return cm::http::parse_create(request, routes.match(request).parameters);
}

cm::core::expected<cm::http::list_tokens_request> list(const std::string& query, const std::string& endpoint = "ep-1") {
  const auto request = make_request("GET", "/api/v1/endpoints/" + endpoint + "/tokens" + query);
  return cm::http::parse_list(request, routes.match(request).parameters);
}

template <class T>
std::vector<std::string> wrong_fields(const cm::core::expected<T>& result) {
  REQUIRE(!result.has_value());
  CHECK(result.error().code == cm::core::errc::invalid);
  std::vector<std::string> names;
  for (const auto& one : result.error().fields)
    names.push_back(one.field);
  return names;
}

using names = std::vector<std::string>;

cm::core::endpoint_token sample() {
  cm::core::endpoint_token token;
  token.id = *cm::core::parse_uuid("0192f0a0-0000-7000-8000-000000000001");
  token.application = "smart_kettle";
  token.endpoint_id = "ep-1";
  token.created_at = cm::core::from_unix_ms(1795356000123);
  return token;
}

std::string header(const cm::http::response& answer, std::string_view name) {
  for (const auto& [own, value] : answer.headers) {
    if (own == name)
      return value;
  }
  return {};
}

} // namespace

TEST_CASE("A create request has an application and perhaps a token") {
  auto made = create(R"({"applicationName":"smart_kettle"})");
  REQUIRE(made.has_value());
  CHECK(made->endpoint_id == "ep-1");
  CHECK(made->application_name == "smart_kettle");
  CHECK(!made->token);

  made = create(R"({"token":"tok en-1","applicationName":"smart_kettle","more":{"x":[1]}})");
  REQUIRE(made.has_value());
  REQUIRE(made->token);
  CHECK(made->token->reveal() == "tok en-1");

  made = create(R"({"token":null,"applicationName":"a"})");
  REQUIRE(made.has_value());
  CHECK(!made->token);
}

TEST_CASE("All wrong fields of a create request are named at once") {
  CHECK(wrong_fields(create("{}")) == names{"applicationName"});
  CHECK(wrong_fields(create(R"({"applicationName":""})")) == names{"applicationName"});
  CHECK(wrong_fields(create(R"({"applicationName":"Upper"})")) == names{"applicationName"});
  CHECK(wrong_fields(create(R"({"applicationName":7,"token":[]})")) == names{"applicationName", "token"});
  CHECK(wrong_fields(create(R"({"applicationName":"a","token":""})")) == names{"token"});
  CHECK(wrong_fields(create(R"({"token":"a/b"})", "e%20p")) == names{"endpointId", "applicationName", "token"});
  CHECK(wrong_fields(create(R"({"applicationName":"a","applicationName":"b"})")) == names{"applicationName"});
  CHECK(wrong_fields(create("")).empty());
}

TEST_CASE("No error about a token repeats its value") {
  const auto made = create(R"({"applicationName":"a","token":"very/secret"})");
  REQUIRE(!made.has_value());
  CHECK(cm::http::problem(make_request("GET", "/"), made.error()).body.find("secret") == std::string::npos);
}

TEST_CASE("A created token is shown with its value, once and for all in this order") {
  const auto answer = cm::http::render_created(sample(), cm::core::secret{"T0ken"});
  CHECK(answer.status == 201);
  CHECK(answer.sensitive);
  CHECK(answer.body
        == R"({"token":"T0ken","endpointTokenId":"0192f0a0-0000-7000-8000-000000000001",)"
           R"("applicationName":"smart_kettle","status":"Inactive","createdDate":")"
             + cm::core::to_iso8601(sample().created_at) + "\"}");
  CHECK(header(answer, "Location") == "/api/v1/endpoints/ep-1/tokens/0192f0a0-0000-7000-8000-000000000001");
}

TEST_CASE("A list request has defaults") {
  for (const std::string query : {"", "?", "?status=&offset=&limit=&order=", "?unknown=1"}) {
    INFO(query);
    const auto made = list(query);
    REQUIRE(made.has_value());
    CHECK(made->endpoint_id == "ep-1");
    CHECK(made->statuses.empty());
    CHECK(made->offset == 0);
    CHECK(made->limit == 20);
    CHECK(made->order == sort_order::descending);
  }
}

TEST_CASE("A list request takes filters, page and order") {
  const auto made =
    list("?status=Active,Inactive&status=Revoked&status=Active&offset=9223372036854775807&limit=1000&order=ASC");
  REQUIRE(made.has_value());
  CHECK(made->statuses
        == std::vector{credential_status::active, credential_status::inactive, credential_status::revoked});
  CHECK(made->offset == 9223372036854775807U);
  CHECK(made->limit == 1000);
  CHECK(made->order == sort_order::ascending);
  CHECK(list("?status=Active%2CSuspended&limit=1&order=DESC")->statuses.size() == 2);
}

TEST_CASE("All wrong parameters of a list request are named at once") {
  CHECK(wrong_fields(list("?status=active")) == names{"status"});
  CHECK(wrong_fields(list("?status=Active,Nonsense")) == names{"status"});
  CHECK(wrong_fields(list("?offset=-1")) == names{"offset"});
  CHECK(wrong_fields(list("?offset=9223372036854775808")) == names{"offset"});
  CHECK(wrong_fields(list("?offset=1&offset=2")) == names{"offset"});
  for (const std::string limit : {"0", "1001", "x", "1x", "+1", "%201", "1.0", "99999999999"})
    CHECK(wrong_fields(list("?limit=" + limit)) == names{"limit"});
  CHECK(wrong_fields(list("?order=asc")) == names{"order"});
  CHECK(wrong_fields(list("?status=x&offset=x&limit=x&order=x", "e%2Fp"))
        == names{"endpointId", "status", "offset", "limit", "order"});
}

TEST_CASE("A page lists its items and the total") {
  auto changed = sample();
  changed.status = credential_status::suspended;
  changed.updated_at = cm::core::from_unix_ms(1795356000999);
  const auto created = cm::core::to_iso8601(sample().created_at);
  const auto answer = cm::http::render_page(make_request("GET", "/"), {sample(), changed}, 7);
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
  CHECK(cm::http::render_page(make_request("GET", "/"), {}, 0).body == R"({"content":[],"totalElements":0})");
}

TEST_CASE("A page that the client has already is 304") {
  const auto first = cm::http::render_page(make_request("GET", "/"), {sample()}, 1);
  const auto tag = header(first, "ETag");
  const auto again = [&](const std::string& condition, std::uint64_t total) {
    return cm::http::render_page(make_request("GET", "/", "If-None-Match: " + condition + "\r\n"), {sample()}, total);
  };
  const auto same = again("\"x\", W/" + tag, 1);
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(header(same, "ETag") == tag);
  CHECK(again("*", 1).status == 304);
  CHECK(again(tag, 2).status == 200);
  CHECK(header(again(tag, 2), "ETag") != tag);
}
