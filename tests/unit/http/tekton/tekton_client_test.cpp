#include "catch.hpp"
#include "http/tekton/tekton_client.hpp"
#include "scripted_server.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace cm::http;
using cm::test::scripted_server;
using namespace std::chrono_literals;
using cm::core::errc;

namespace {

std::string page_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
         + "\r\n\r\n" + body;
}

std::string status(const std::string& line) {
  return "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n\r\n";
}

cm::core::expected<application_versions> read_body(const std::string& body) {
  scripted_server server{[&](const std::string&) { return page_response(body); }};
  return read_applications(server.url(), 5s);
}

std::string wrong_url(const std::string& url) {
  const auto result = read_applications(url, 100ms);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::invalid);
  return result.error().message;
}

const application_versions two{{"kettle", {"v1", "v2"}}, {"thermostat", {"v1"}}};

} // namespace

TEST_CASE("applications and versions are read from all response formats of Tekton") {
  const std::string odd = R"([{"name":"kettle","versions":["v1"]},{"name":"kettle","versions":["v2"]},)"
                          R"({"name":"thermostat","versions":["v1"]},{"name":"No App","versions":[]},)"
                          R"({"name":"thermostat","versions":["V 9"],"displayName":7}])";
  for (
    const auto& body : std::vector<std::string>{
      R"([{"name":"kettle","versions":[{"name":"v1"},{"name":"v2"}]},{"name":"thermostat","versions":["v1"]}])",
      R"([{"name":"kettle","appVersions":["v1","v2"]},{"name":"thermostat","versions":{"v1":{"default":true}}}])",
      R"({"content":[{"name":"kettle","versions":["v2","v1"]},{"name":"thermostat","versions":["v1"]}],"totalElements":2})",
      R"({"content":[{"name":"kettle","versions":["v2","v1"]},{"name":"thermostat","versions":["v1"]}],"last":true})",
      odd}) {
    INFO(body);
    const auto result = read_body(body);
    REQUIRE(result.has_value());
    CHECK((*result == two));
  }
  CHECK(read_body("[]")->empty());
  CHECK((*read_body(R"({"content":[],"totalElements":0,"totalPages":0})")).empty());
}

TEST_CASE("versions that are missing in the list of applications are requested on the same connection") {
  scripted_server server{[](const std::string& target) {
    if (target == "/tekton/api/v1/applications")
      return page_response(R"([{"name":"kettle"},{"name":"thermostat","versions":null},"plain"])");
    if (target == "/tekton/api/v1/applications/kettle/app-versions")
      return page_response(R"([{"name":"v1"},{"name":"v2"}])");
    if (target == "/tekton/api/v1/applications/thermostat/app-versions")
      return page_response(R"({"content":["v1"]})");
    return status("404 Not Found");
  }};
  const auto result = read_applications(server.url() + "/tekton/", 5s);
  REQUIRE(result.has_value());
  auto expected = two;
  expected["plain"];
  CHECK((*result == expected));
  CHECK(server.connections() == 1);
  const auto first = server.requests().front();
  CHECK(first.find("\r\nHost: " + server.url().substr(7) + "\r\n") != std::string::npos);
  CHECK(first.find("\r\nAccept: application/json\r\n") != std::string::npos);
}

TEST_CASE("all pages are read") {
  SECTION("by offset") {
    scripted_server server{[](const std::string& target) {
      if (target == "/api/v1/applications")
        return page_response(
          R"({"content":[{"name":"a","versions":[]},{"name":"b","versions":[]}],"totalElements":3})");
      if (target == "/api/v1/applications?offset=2")
        return page_response(R"({"content":[{"name":"c","versions":["v"]}],"totalElements":3})");
      return status("400 Bad Request");
    }};
    const auto result = read_applications(server.url(), 5s);
    REQUIRE(result.has_value());
    CHECK((*result == application_versions{{"a", {}}, {"b", {}}, {"c", {"v"}}}));
  }
  SECTION("by number, each on a separate connection") {
    scripted_server server{[](const std::string& target) -> std::string {
      const auto body = target == "/api/v1/applications" ? R"({"content":[{"name":"a","versions":[]}],"last":false})"
                        : target == "/api/v1/applications?page=1"
                          ? R"({"content":[{"name":"b","versions":[]}],"last":false,"totalElements":3})"
                          : R"({"content":[{"name":"c","versions":[]}],"last":true})";
      return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(std::string(body).size())
             + "\r\n\r\n" + body;
    }};
    const auto result = read_applications(server.url(), 5s);
    REQUIRE(result.has_value());
    CHECK(result->size() == 3);
    CHECK(server.connections() == 3);
  }
  SECTION("but not endlessly") {
    const auto result = read_body(R"({"content":[{"name":"a","versions":[]}],"totalElements":1000})");
    REQUIRE(result.has_error());
    CHECK(result.error().message == "Tekton: the pages of /api/v1/applications do not end");
  }
}

TEST_CASE("a connection that the server closed between two requests is reopened") {
  std::atomic<int> asked = 0;
  scripted_server server{[&](const std::string&) -> std::string {
    switch (++asked) {
    case 1:
      return page_response(R"([{"name":"kettle"}])");
    case 2:
      return {};
    default:
      return page_response(R"(["v1"])");
    }
  }};
  const auto result = read_applications(server.url(), 5s);
  REQUIRE(result.has_value());
  CHECK((*result == application_versions{{"kettle", {"v1"}}}));
  CHECK(server.connections() == 2);
}

TEST_CASE("a response that is not a list of applications is errc::unavailable") {
  for (const auto* body : {"", "{}", "7", "null", "[", R"({"content":{}})", R"([7])", R"([{}])", R"([{"name":7}])",
                           R"([{"name":"a","versions":7}])", R"([{"name":"a","versions":[{}]}])",
                           R"([{"name":"a","versions":[null]}])", "[\"\xff\"]"}) {
    INFO(body);
    const auto result = read_body(body);
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::unavailable);
    CHECK(result.error().message.starts_with("Tekton: "));
  }
  for (const auto* line :
       {"401 Unauthorized", "404 Not Found", "500 Internal Server Error", "302 Found", "204 No Content"}) {
    INFO(line);
    scripted_server server{[&](const std::string&) { return status(line); }};
    const auto result = read_applications(server.url(), 5s);
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::unavailable);
    CHECK(result.error().message == "Tekton: status " + std::string(line).substr(0, 3) + " for /api/v1/applications");
  }
}

TEST_CASE("the size of a response is limited") {
  scripted_server server{[](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(max_tekton_response + 1) + "\r\n\r\n";
  }};
  const auto result = read_applications(server.url(), 5s);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::unavailable);
  CHECK(result.error().message.find("body limit exceeded") != std::string::npos);
}

TEST_CASE("a Tekton that does not respond before the timeout is unavailable") {
  SECTION("connection refused") {
    std::string url;
    {
      scripted_server gone{[](const std::string&) { return std::string(); }};
      url = gone.url();
    }
    const auto result = read_applications(url, 5s);
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::unavailable);
    CHECK(result.error().message.starts_with("Tekton: cannot connect to 127.0.0.1:"));
  }
  SECTION("no response, or an incomplete one") {
    for (const auto* begin :
         {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2"}) {
      net::io_context io;
      tcp_acceptor listening{io, {net::ip::make_address("127.0.0.1"), 0}};
      tcp_socket held{io.get_executor()};
      std::thread server{[&] {
        boost::system::error_code ec;
        listening.accept(held, ec);
        net::write(held, net::buffer(std::string(begin)), ec);
      }};
      const auto began = std::chrono::steady_clock::now();
      const auto result =
        read_applications("http://127.0.0.1:" + std::to_string(listening.local_endpoint().port()), 200ms);
      const auto took = std::chrono::steady_clock::now() - began;
      server.join();
      REQUIRE(result.has_error());
      CHECK(result.error().code == errc::unavailable);
      CHECK(result.error().message.find("no answer in time") != std::string::npos);
      CHECK(took >= 190ms);
      CHECK(took < 5s);
    }
  }
  SECTION("no HTTP") {
    scripted_server server{[](const std::string&) { return std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"); }};
    const auto result = read_applications(server.url(), 5s);
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::unavailable);
  }
}

TEST_CASE("an unusable URL is reported without the credentials in it") {
  CHECK(wrong_url("https://tekton") == "kaa.tekton.url: https is not available in this release, only http");
  CHECK(wrong_url("") == "kaa.tekton.url: not a URL");
  CHECK(wrong_url("tekton") == "kaa.tekton.url: not a URL");
  CHECK(wrong_url("ftp://tekton") == "kaa.tekton.url: not an http URL with a host");
  CHECK(wrong_url("http://joe:hunter2@tekton") == "kaa.tekton.url: a login in the URL is not supported");
  CHECK(wrong_url("http://tekton/?a=b") == "kaa.tekton.url: a query or a fragment in the URL is not supported");
}
