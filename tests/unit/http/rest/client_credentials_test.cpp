#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/rest/client_credentials.hpp"
#include "http/server/problem.hpp"
#include "rest.hpp"

using cm::core::credential_status;
using cm::test::escaped;
using cm::test::header;
using cm::test::make_get;
using cm::test::make_post;
using cm::test::make_put;
using cm::test::make_request;
using cm::test::names;
using cm::test::some_id;
using cm::test::wrong_fields;

namespace {

constexpr std::string_view credentials_path = "/api/v1/clients/credentials";

cm::core::expected<cm::http::create_basic_request> create_username(std::string_view body) {
  return cm::http::parse_create_basic(make_post(credentials_path, body));
}

cm::core::expected<std::optional<cm::core::secret>> password(std::string_view body) {
  return cm::http::parse_password_body(make_put(credentials_path, body));
}

cm::core::expected<cm::http::list_clients_request> list_usernames(const std::string& query) {
  return cm::http::parse_list_basic(make_get(std::string{credentials_path} + query));
}

cm::core::client_credential sample_username() {
  cm::core::client_credential result;
  result.id = *cm::core::parse_uuid(some_id);
  result.username = "gateway-7";
  result.client_id = "client-7";
  result.created_at = cm::core::from_unix_ms(1795356000123);
  return result;
}

const std::string created = cm::core::to_iso8601(cm::core::from_unix_ms(1795356000123));

} // namespace

TEST_CASE("Creating a username accepts an optional password and client ID") {
  auto result = create_username(R"({"username":"gateway-7"})");
  REQUIRE(result.has_value());
  CHECK(result->username == "gateway-7");
  CHECK(!result->password);
  CHECK(!result->client_id);

  result =
    create_username(R"({"username":"g\u00e4teway","password":"s\u00e4cret--","clientId":"c","status":"Active"})");
  REQUIRE(result.has_value());
  CHECK(result->username == "g\xc3\xa4teway");
  REQUIRE(result->password);
  CHECK(result->password->reveal()
        == "s\xc3\xa4"
           "cret--");
  CHECK(result->client_id == "c");

  result = create_username(R"({"username":"u","password":null,"clientId":null})");
  REQUIRE(result.has_value());
  CHECK(!result->password);
  CHECK(!result->client_id);
}

TEST_CASE("All invalid fields of a new username are reported in one response") {
  CHECK(wrong_fields(create_username("{}")) == names{"username"});
  CHECK(wrong_fields(create_username(R"({"username":"","password":"short","clientId":""})"))
        == names{"username", "password", "clientId"});
  CHECK(wrong_fields(create_username(R"({"username":1,"password":2,"clientId":3})"))
        == names{"username", "password", "clientId"});
  CHECK(wrong_fields(create_username(R"({"username":"u","password":"password-1","password":"password-1"})"))
        == names{"password"});
  CHECK(wrong_fields(create_username("")).empty());
  for (const std::string name : {R"(\u0000)", R"(a\u001f)", R"(a\u007f)", R"(a\u0080)", R"(a\u009fb)", R"(a\nb)"}) {
    INFO(name);
    CHECK(wrong_fields(create_username(R"({"username":")" + name + R"("})")) == names{"username"});
    CHECK(wrong_fields(create_username(R"({"username":"u","clientId":")" + name + R"("})")) == names{"clientId"});
  }
}

TEST_CASE("A password has at least 8 characters and at most 1024 bytes") {
  CHECK(!password("{}").value());
  CHECK(!password(R"({"password":null})").value());
  CHECK(password(R"({"password":"12345678"})").value()->reveal() == "12345678");
  CHECK(password(R"({"password":")" + std::string(1024, 'p') + "\"}").value()->reveal().size() == 1024);
  // Eight characters of two bytes each are enough; seven are too few, although they have more than eight bytes.
  CHECK(password(R"({"password":"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"})").has_value());
  CHECK(wrong_fields(password(R"({"password":"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"})")) == names{"password"});
  CHECK(wrong_fields(password(R"({"password":"1234567"})")) == names{"password"});
  CHECK(wrong_fields(password(R"({"password":""})")) == names{"password"});
  CHECK(wrong_fields(password(R"({"password":12345678})")) == names{"password"});
  CHECK(wrong_fields(password(R"({"password":")" + std::string(1025, 'p') + "\"}")) == names{"password"});
  CHECK(wrong_fields(password("")).empty());
}

TEST_CASE("A password that no validation request can carry is refused when it is written, with the reason") {
  for (const auto* text : {R"("secret\u0000word")", R"("\u0000secretword")", R"("secretword\u0000")"}) {
    INFO(text);
    const auto member = std::string(R"("password":)") + text + "}";
    for (const auto& fault :
         {create_username(R"({"username":"u",)" + member).error(), password("{" + member).error()}) {
      CHECK(fault.code == cm::core::errc::invalid);
      REQUIRE(fault.fields.size() == 1);
      CHECK(fault.fields[0]
            == cm::core::field_error{"password",
                                     "must not contain the character U+0000, because no client could log in with it"});
    }
  }
  // Other control characters can be sent and checked.
  CHECK(password(R"({"password":"secret\u0001\n\u007fword"})").has_value());
  CHECK(wrong_fields(create_username(R"({"username":"a\u0000b","clientId":"a\u0000b"})"))
        == names{"username", "clientId"});
}

TEST_CASE("Error messages do not contain the password") {
  const auto result = password(R"({"password":"secret"})");
  REQUIRE(result.has_error());
  CHECK(cm::http::problem(make_get("/"), result.error()).body.find("secret") == std::string::npos);
}

TEST_CASE("A credential ID that is not a UUID is not found") {
  const auto routes = cm::http::make_api_router();
  const auto find = [&](const std::string& id) {
    const auto request = make_get(std::string{credentials_path} + "/" + id);
    return cm::http::parse_credential_path(routes.match(request).parameters);
  };
  CHECK(cm::core::to_string(find(std::string{some_id}).value()) == some_id);
  const auto unknown = find("gateway-7");
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().code == cm::core::errc::not_found);
  CHECK(unknown.error().message == "Client credential not found");
}

TEST_CASE("A list of usernames accepts filters, page and order") {
  auto result = list_usernames("");
  REQUIRE(result.has_value());
  CHECK(result->statuses.empty());
  CHECK(!result->username);
  CHECK(result->offset == 0);
  CHECK(result->limit == 20);
  CHECK(result->order == cm::http::sort_order::descending);

  result =
    list_usernames("?status=Active,Revoked&username=" + escaped("g\xc3\xa4te&way") + "&offset=4&limit=5&order=ASC");
  REQUIRE(result.has_value());
  CHECK(result->statuses == std::vector{credential_status::active, credential_status::revoked});
  CHECK(result->username == "g\xc3\xa4te&way");
  CHECK(result->offset == 4);
  CHECK(result->limit == 5);
  CHECK(result->order == cm::http::sort_order::ascending);
  CHECK(!list_usernames("?username=").value().username);
  CHECK(wrong_fields(list_usernames("?status=x&username=%00&offset=x&limit=x&order=x"))
        == names{"status", "username", "offset", "limit", "order"});
  CHECK(wrong_fields(list_usernames("?username=a&username=b")) == names{"username"});
}

TEST_CASE("A credential is rendered with the entity tag that conditions are compared with") {
  const auto answer = cm::http::render_client(make_get("/"), sample_username());
  CHECK(answer.status == 200);
  CHECK(!answer.sensitive);
  CHECK(answer.body
        == R"({"credentialId":"0192f0a0-0000-7000-8000-000000000001","username":"gateway-7","clientId":"client-7",)"
           R"("status":"Inactive","createdDate":")"
             + created + "\"}");
  const auto tag = cm::http::entity_tag_of(sample_username());
  CHECK(header(answer, "ETag") == tag);
  CHECK(cm::http::render_client(make_get("/", tag), sample_username()).status == 304);

  auto used = sample_username();
  used.status = credential_status::active;
  used.updated_at = cm::core::from_unix_ms(1795356000999);
  used.last_used_at = cm::core::from_unix_ms(1795356060000);
  const auto changed = cm::http::render_changed_client(used);
  CHECK(changed.status == 200);
  CHECK(changed.body
        == R"({"credentialId":"0192f0a0-0000-7000-8000-000000000001","username":"gateway-7","clientId":"client-7",)"
           R"("status":"Active","createdDate":")"
             + created + R"(","updateDate":")" + cm::core::to_iso8601(*used.updated_at) + R"(","lastUseDate":")"
             + cm::core::to_iso8601(*used.last_used_at) + "\"}");
  CHECK(header(changed, "ETag") == cm::http::entity_tag_of(used));
  CHECK(header(changed, "ETag") != tag);
}

TEST_CASE("The tags of a credential and of a page do not depend on the last use") {
  auto used = sample_username();
  used.status = credential_status::active;
  used.updated_at = cm::core::from_unix_ms(1795356000999);
  const auto page = [](const cm::core::client_credential& item) {
    return cm::http::render_clients_page(make_get("/"), {std::vector{sample_username(), item}, 2, true, {}});
  };
  const auto tag = header(cm::http::render_client(make_get("/"), used), "ETag");
  const auto page_tag = header(page(used), "ETag");
  for (const std::int64_t at : {1795356060000, 1795356120000}) {
    used.last_used_at = cm::core::from_unix_ms(at);
    CHECK(header(cm::http::render_client(make_get("/"), used), "ETag") == tag);
    CHECK(header(cm::http::render_changed_client(used), "ETag") == tag);
    CHECK(header(cm::http::render_password_changed(used, nullptr), "ETag") == tag);
    CHECK(cm::http::entity_tag_of(used) == tag);
    CHECK(cm::http::render_client(make_get("/", tag), used).status == 304);
    CHECK(page(used).body.find("lastUseDate") != std::string::npos);
    CHECK(header(page(used), "ETag") == page_tag);
    CHECK(cm::http::entity_tag_of_page({std::vector{sample_username(), used}, 2, true, {}}) == page_tag);
  }
  used.updated_at = cm::core::from_unix_ms(1795356001000);
  CHECK(cm::http::entity_tag_of(used) != tag);
  CHECK(header(page(used), "ETag") != page_tag);
}

TEST_CASE("Only a generated password is rendered, and the response is marked as sensitive") {
  const cm::core::secret generated{"Gen\"erated"};
  auto answer = cm::http::render_created_basic(sample_username(), &generated);
  CHECK(answer.status == 201);
  CHECK(answer.sensitive);
  CHECK(header(answer, "Location") == "/api/v1/clients/credentials/0192f0a0-0000-7000-8000-000000000001");
  CHECK(answer.body
        == R"({"credentialId":"0192f0a0-0000-7000-8000-000000000001","username":"gateway-7",)"
           R"("password":"Gen\"erated","clientId":"client-7","status":"Inactive","createdDate":")"
             + created + "\"}");

  answer = cm::http::render_created_basic(sample_username(), nullptr);
  CHECK(answer.status == 201);
  CHECK(!answer.sensitive);
  CHECK(answer.body.find("password") == std::string::npos);

  answer = cm::http::render_password_changed(sample_username(), &generated);
  CHECK(answer.status == 200);
  CHECK(answer.sensitive);
  CHECK(answer.body.find(R"("password":"Gen\"erated")") != std::string::npos);
  CHECK(header(answer, "ETag") == cm::http::entity_tag_of(sample_username()));

  answer = cm::http::render_password_changed(sample_username(), nullptr);
  CHECK(!answer.sensitive);
  CHECK(answer.body == cm::http::render_changed_client(sample_username()).body);
  CHECK(header(answer, "ETag") == cm::http::entity_tag_of(sample_username()));
}

TEST_CASE("The buffer of a generated password is never reallocated, which would leave a copy") {
  auto widest = sample_username();
  widest.username = std::string(255, '"');
  widest.client_id = std::string(255, '"');
  widest.updated_at = widest.last_used_at = widest.created_at;
  const cm::core::secret generated{std::string(64, '"')};
  const auto answer = cm::http::render_password_changed(widest, &generated);
  // The capacity is the one reserved for the largest case; a reallocation would have changed it.
  constexpr std::size_t reserved = 384 + 6 * (255 + 255 + 64);
  CHECK(answer.body.capacity() >= reserved);
  CHECK(answer.body.capacity() < reserved + 16);
}

TEST_CASE("A page of credentials contains its items and the total") {
  const std::vector items{sample_username(), sample_username()};
  const auto answer = cm::http::render_clients_page(make_get("/"), {items, 9, true, {}});
  const std::string item = cm::http::render_client(make_get("/"), sample_username()).body;
  CHECK(answer.body == R"({"content":[)" + item + "," + item + R"(],"totalElements":9})");
  CHECK(cm::http::render_clients_page(make_get("/", header(answer, "ETag")), {items, 9, true, {}}).status == 304);
  CHECK(cm::http::render_clients_page(make_get("/", header(answer, "ETag")), {items, 8, true, {}}).status == 200);
  CHECK(cm::http::render_clients_page(make_get("/"), {{}, 0, true, {}}).body == R"({"content":[],"totalElements":0})");
}

TEST_CASE("A page that is not the last one has a cursor, which the next request gives back") {
  const std::vector items{sample_username()};
  const auto body =
    cm::http::render_clients_page(make_get("/"),
                                  {items, 10'001, false, cm::http::client_position{items[0].created_at, items[0].id}})
      .body;
  const std::string before = R"(],"totalElements":10001,"totalIsLowerBound":true,"next":")";
  const auto at = body.find(before);
  REQUIRE(at != std::string::npos);
  const auto cursor = body.substr(at + before.size(), body.size() - at - before.size() - 2);
  const auto next = list_usernames("?after=" + cursor);
  REQUIRE(next.has_value());
  CHECK(next->after == cm::http::client_position{items[0].created_at, items[0].id});
  CHECK_FALSE(next->exact_total);
  const auto uncounted = cm::http::render_clients_page(make_get("/"), {items, std::nullopt, true, {}}).body;
  CHECK(uncounted.ends_with("}]}"));
  for (const auto& other : {cursor + "0", cursor.substr(1), std::string{"01"}, "02" + cursor.substr(2),
                            "01+" + cursor.substr(3), cursor.substr(0, 18)})
    CHECK(wrong_fields(list_usernames("?after=" + escaped(other))) == names{"after"});
  CHECK(wrong_fields(list_usernames("?offset=1&after=" + cursor)) == names{"offset"});
  CHECK(list_usernames("?total=exact").value().exact_total);
  CHECK(wrong_fields(list_usernames("?total=yes")) == names{"total"});
}
