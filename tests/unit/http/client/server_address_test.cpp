#include "catch.hpp"
#include "http/client/server_address.hpp"

using namespace cm::http;

TEST_CASE("a URL names a server and the prefix of its paths") {
  const auto parsed = [](std::string_view url) {
    auto result = parse_server_address(url);
    REQUIRE(result.has_value());
    return *std::move(result);
  };
  CHECK(parsed("http://cm") == server_address{false, "cm", "80", "cm", ""});
  CHECK(parsed("http://127.0.0.1:8080/") == server_address{false, "127.0.0.1", "8080", "127.0.0.1:8080", ""});
  CHECK(parsed("https://cm:443/a/b/") == server_address{true, "cm", "443", "cm", "/a/b"});
  CHECK(parsed("http://[::1]:81") == server_address{false, "::1", "81", "[::1]:81", ""});
}

TEST_CASE("a URL that names no server, or more than a server, is refused for its first fault") {
  const auto fault = [](std::string_view url) {
    INFO(url);
    const auto result = parse_server_address(url);
    REQUIRE(result.has_error());
    return result.error();
  };
  for (const auto* url : {"", "cm", "/cm", "http://c m", "http://cm:1x"})
    CHECK(fault(url) == url_fault::malformed);
  for (const auto* url : {"ftp://cm", "http:/x", "http://", "http://:80"})
    CHECK(fault(url) == url_fault::scheme);
  CHECK(fault("http://user:secret@cm:0?q") == url_fault::login);
  CHECK(fault("http://cm:0?q") == url_fault::query);
  CHECK(fault("http://cm#f") == url_fault::query);
  CHECK(fault("http://cm:0") == url_fault::port);
  CHECK(fault("http://cm:65536") == url_fault::port);
  CHECK(fault("http://cm:99999") == url_fault::port);
}
