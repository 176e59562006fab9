#include "catch.hpp"
#include "http/management/jolokia.hpp"
#include "http/management/object_name.hpp"
#include "http/rest/basic_login.hpp"
#include "parsed.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>

using namespace cm;
using namespace cm::test;

namespace {

std::vector<http::managed_bean> some_beans() {
  return {{http::parse_object_name("a:type=One").value(),
           "the first",
           {{"Count", 7}, {"Usage", {{"used", 1}, {"max", 2}}}, {"Names", boost::json::array{"x", "y"}}}},
          {http::parse_object_name("a:type=Two,name=b/c!").value(), "the second", {{"Count", 8}}}};
}

boost::json::value answer_to(const http::request& asked) {
  static const auto beans = some_beans();
  const auto answer = http::answer_jolokia(asked, {beans, "0.1.0", "cm", core::from_unix_ms(5'000)});
  REQUIRE(answer.status == 200);
  return boost::json::parse(answer.body);
}

std::int64_t status_of(const boost::json::value& answer) {
  return answer.at("status").as_int64();
}

} // namespace

TEST_CASE("A bean name has a domain and properties in any order") {
  const auto name = http::parse_object_name("d:type=T,name=N");
  REQUIRE(name);
  CHECK(name->text() == "d:name=N,type=T");
  CHECK(*name == http::parse_object_name("d:name=N,type=T"));
  for (const auto* wrong : {"", "d", "d:", "d:type", "d:=x", "d:type=", "d:a=1,a=2", "d:a=1,", "d:,", "d:*,*"}) {
    INFO(wrong);
    CHECK_FALSE(http::parse_object_name(wrong));
  }
}

TEST_CASE("A pattern matches the expected names") {
  const auto means = [](const char* pattern, const char* name) {
    return http::matches(http::parse_object_name(pattern).value(), http::parse_object_name(name).value());
  };
  CHECK(means("*:*", "d:type=T"));
  CHECK(means("d:type=*", "d:type=T"));
  CHECK(means("d:type=?", "d:type=T"));
  CHECK(means("d:type=T,*", "d:type=T,name=N"));
  CHECK(means("d:type=T", "d:type=T"));
  CHECK_FALSE(means("d:type=*", "d:type=T,name=N"));
  CHECK_FALSE(means("d:name=*,*", "d:type=T"));
  CHECK_FALSE(means("e*:*", "d:type=T"));
}

TEST_CASE("Wildcards match any text, also many of them in one pattern") {
  CHECK(http::matches_wildcards("*a*b*", "xxaxxbxx"));
  CHECK(http::matches_wildcards("**", ""));
  CHECK_FALSE(http::matches_wildcards("?", ""));
  CHECK_FALSE(http::matches_wildcards("a*b", "ac"));
  std::string pattern;
  for (int i = 0; i < 1'000; ++i)
    pattern.append("*a");
  CHECK_FALSE(http::matches_wildcards(pattern + "b", std::string(2'000, 'a')));
}

TEST_CASE("A request in the path is split into segments, with escaped slashes and exclamation marks") {
  CHECK(answer_to(make_request("GET", "/jolokia")).at("value").at("protocol") == "7.2");
  CHECK(answer_to(make_request("GET", "/jolokia/read/a:type=One/Usage/max")).at("value") == 2);
  CHECK(answer_to(make_request("GET", "/jolokia/read/a:type=One/Names/1")).at("value") == "y");
  CHECK(answer_to(make_request("GET", "/jolokia/read/a:name=b!/c!!,type=Two/Count")).at("value") == 8);
  CHECK(status_of(answer_to(make_request("GET", "/jolokia/read/a:type=One/Names/2"))) == 404);
  CHECK(status_of(answer_to(make_request("GET", "/jolokia/exec/a:type=One/gc"))) == 403);
  CHECK(status_of(answer_to(make_request("GET", "/jolokia/dance"))) == 400);
  CHECK(status_of(answer_to(make_request("GET", "/jolokia/read/%AD"))) == 400); // not UTF-8
}

TEST_CASE("A body is one request or an array of requests, each with its own response") {
  const auto single = answer_to(make_post("/jolokia/", R"({"type":"READ","mbean":"a:type=One","attribute":"Count"})"));
  CHECK(single.at("value") == 7);
  CHECK(single.at("request").at("type") == "read");
  CHECK(single.at("timestamp") == 5);
  const auto bulk =
    answer_to(make_post("/jolokia/", R"([{"type":"read","mbean":"a:*","attribute":["Count"]},{"type":"write"},null])"));
  REQUIRE(bulk.as_array().size() == 3);
  CHECK(bulk.at(0).at("value").at("a:type=One").at("Count") == 7);
  CHECK(status_of(bulk.at(1)) == 403);
  CHECK(status_of(bulk.at(2)) == 400);
}

TEST_CASE("An invalid request is 400") {
  for (const auto* body : {"", "x", "7", "{}", R"({"type":7})", R"({"type":"read"})", "[[[[[[[[[[[[",
                           R"({"type":"read","mbean":"a:type=One","attribute":[7]})"}) {
    INFO(body);
    CHECK(status_of(answer_to(make_post("/jolokia/", body))) == 400);
  }
  std::string many = "[{}";
  for (std::size_t i = 0; i < http::max_bulk_requests; ++i)
    many.append(",{}");
  CHECK(status_of(answer_to(make_post("/jolokia/", many + "]"))) == 400);
}

TEST_CASE("Basic authentication needs the right user and password in exactly one header") {
  const core::secret password{"open:sesame"}; // the first colon is the separator
  const auto shows = [&](std::string_view headers) {
    return http::shows_login(make_request("GET", "/", headers), "monitor", password);
  };
  CHECK(shows("Authorization: Basic bW9uaXRvcjpvcGVuOnNlc2FtZQ==\r\n"));
  CHECK(shows("authorization: basic bW9uaXRvcjpvcGVuOnNlc2FtZQ==\r\n"));
  CHECK_FALSE(shows(""));
  CHECK_FALSE(shows("Authorization: Basic \r\n"));
  CHECK_FALSE(shows("Authorization: Basic bW9uaXRvcjpvcGVuOnNlc2FtZQ=\r\n"));
  CHECK_FALSE(shows("Authorization: Basic bW9uaXRvcjpvcGVuOnNlc2FtZUE=\r\n")); // one character too many
  CHECK_FALSE(shows("Authorization: Basic YWRtaW46b3BlbjpzZXNhbWU=\r\n"));     // another user
  CHECK_FALSE(shows("Authorization: Basic bW9uaXRvcjpvcGVuOnNlc2FtZQ==\r\nAuthorization: Basic x\r\n"));
}
