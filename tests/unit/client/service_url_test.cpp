#include "catch.hpp"
#include "client/service_url.hpp"

using namespace cm::client;

TEST_CASE("the URL of a service is parsed, and an unusable one is shown without its password") {
  const auto parsed = parse_service_url("https://cm:8443/a/");
  REQUIRE(parsed.has_value());
  CHECK(*parsed == cm::http::server_address{true, "cm", "8443", "cm:8443", "/a"});
  for (const auto* text : {"", "cm", "ftp://cm", "http://cm:0", "http://user:secret@cm", "http://cm?q"}) {
    INFO(text);
    const auto result = parse_service_url(text);
    REQUIRE(result.has_error());
    CHECK(result.error().code == cm::core::errc::invalid);
    CHECK(result.error().message.find("secret") == std::string::npos);
  }
  CHECK(parse_service_url("cm").error().message
        == "\"cm\" is not an http or https URL with a host, such as http://127.0.0.1:8080");
  CHECK(parse_service_url("http://cm:65536").error().message == "\"http://cm:65536\" has a port that cannot be");
}

TEST_CASE("all characters except unreserved ones are encoded") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a/b c%\xC3\xA9") == "a%2Fb%20c%25%C3%A9");
}
