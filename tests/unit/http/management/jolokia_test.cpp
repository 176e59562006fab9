#include "catch.hpp"
#include "http/management/jolokia.hpp"
#include "http/management/object_name.hpp"
#include "http/rest/basic_login.hpp"
#include "parsed.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
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

namespace {

// The value of the response to a GET of this path, as text; the status if it is not 200.
std::string value_at(const std::string& path) {
  const auto answer = answer_to(make_request("GET", "/jolokia/" + path));
  return status_of(answer) == 200 ? boost::json::serialize(answer.at("value")) : std::to_string(status_of(answer));
}

// The same for a POST with these members besides the type.
std::string value_of(const std::string& members, const std::string& query = {}) {
  const auto answer = answer_to(make_post("/jolokia/" + query, R"({"type":"read",)" + members + "}"));
  return status_of(answer) == 200 ? boost::json::serialize(answer.at("value")) : std::to_string(status_of(answer));
}

} // namespace

TEST_CASE("Several attributes are separated by commas in a path and in a text, or are an array") {
  const std::string both = R"({"Count":7,"Names":["x","y"]})";
  CHECK(value_at("read/a:type=One/Count,Names") == both);
  CHECK(value_of(R"("mbean":"a:type=One","attribute":"Count,Names")") == both);
  CHECK(value_of(R"("mbean":"a:type=One","attribute":["Count","Names"])") == both);
  CHECK(value_at("read/a:type=One/Count%2CNames,") == both);
  CHECK(value_at("read/a:type=One/Count,") == "7");
  CHECK(value_at("read/a:type=One/Count%5C,Names") == "404"); // one name with a comma
  CHECK(value_of(R"("mbean":"a:type=One","attribute":["Count"])") == R"({"Count":7})");
  const std::string all = R"({"Count":7,"Usage":{"used":1,"max":2},"Names":["x","y"]})";
  CHECK(value_of(R"("mbean":"a:type=One","attribute":[])") == all);
  CHECK(value_of(R"("mbean":"a:type=One","attribute":[null])") == all);
  CHECK(value_of(R"("mbean":"a:type=One","attribute":null)") == all);
  CHECK(value_at("read/a:type=One/*") == all);
  CHECK(value_of(R"("mbean":"a:type=One","attribute":7)") == "400");

  const auto echo = [](const std::string& members) {
    return answer_to(make_post("/jolokia/", R"({"type":"read","mbean":"a:type=One",)" + members + "}"))
      .at("request")
      .at("attribute");
  };
  CHECK(echo(R"("attribute":"Count,Names")") == boost::json::array{"Count", "Names"});
  CHECK(echo(R"("attribute":["Count"])") == "Count");
}

TEST_CASE("ignoreErrors shows an error in place of each attribute that cannot be read") {
  const std::string missing = "\"ERROR: No such attribute: No (class javax.management.AttributeNotFoundException)\"";
  const std::string found = R"({"Count":7,"No":)" + missing + "}";
  CHECK(value_at("read/a:type=One/Count,No") == "404");
  CHECK(value_at("read/a:type=One/Count,No?ignoreErrors=false") == "404");
  for (const auto* yes : {"true", "yes", "on", "1"}) {
    INFO(yes);
    CHECK(value_at("read/a:type=One/Count,No?ignoreErrors=" + std::string{yes}) == found);
    CHECK(value_of(R"("mbean":"a:type=One","attribute":["Count","No"],"config":{"ignoreErrors":")" + std::string{yes}
                   + "\"}")
          == found);
  }
  const std::string two = R"("mbean":"a:type=One","attribute":["Count","No"])";
  CHECK(value_of(two + R"(,"config":{"ignoreErrors":true})") == found);
  CHECK(value_of(two, "?ignoreErrors=true") == found);
  CHECK(value_of(two + R"(,"config":{"ignoreErrors":false})", "?ignoreErrors=true") == "404");
  CHECK(value_at("read/a:type=One/No?ignoreErrors=true") == "404"); // requested alone
  CHECK(value_at("read/a:type=None/A,B?ignoreErrors=true")
        == "{\"A\":\"ERROR: No such MBean: a:type=None (class javax.management.InstanceNotFoundException)\","
           "\"B\":\"ERROR: No such MBean: a:type=None (class javax.management.InstanceNotFoundException)\"}");
  CHECK(value_at("read/a:type=None/A,B") == "404");
  CHECK(value_at("read/a:type=None?ignoreErrors=true") == "404");
}

TEST_CASE("A pattern reads the requested attributes of the beans that have them") {
  CHECK(value_at("read/a:*/Usage") == R"({"a:type=One":{"Usage":{"used":1,"max":2}}})");
  CHECK(value_at("read/a:*/Usage,Count,No")
        == R"({"a:type=One":{"Usage":{"used":1,"max":2},"Count":7},"a:name=b/c!,type=Two":{"Count":8}})");
  CHECK(value_at("read/a:*/No") == "400");
  CHECK(value_at("read/b:*/Count") == "404");
}

TEST_CASE("A path leads into the value, with wildcards for levels; what lacks the rest of the path is left out") {
  CHECK(value_at("read/a:type=One/Usage/*") == R"({"used":1,"max":2})");
  CHECK(value_at("read/a:type=One/*/*/used") == R"({"Usage":1})");
  CHECK(value_at("read/a:type=One/*/*/*/used") == R"({"Count":7})"); // a simple value has no levels
  CHECK(value_at("read/a:type=One/Usage,Names/*/used") == R"({"Usage":1})");
  CHECK(value_at("read/a:type=One/Count,Usage/Usage/max") == "2");
  CHECK(value_at("read/a:*/Usage,Count/*/Usage/used") == R"({"a:type=One":1})");
  CHECK(value_at("read/a:*/Usage/*/*/used") == R"({"a:type=One":{"Usage":1}})");
  CHECK(value_of(R"("mbean":"a:*","attribute":"Usage","path":"*/*/max")") == R"({"a:type=One":{"Usage":2}})");
  CHECK(value_of(R"("mbean":"a:type=One","attribute":"Usage","path":"/")") == R"({"used":1,"max":2})");
  CHECK(value_of(R"("mbean":"a:type=One","attribute":"Names","path":"*")") == R"(["x","y"])");
  CHECK(value_at("read/a:type=One/Usage,Names/*/none") == "404");
  CHECK(value_at("read/a:type=One/Count,Usage/None") == "404");
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
