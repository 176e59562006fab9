#include "catch.hpp"
#include "core/base/identifiers.hpp"

#include <string>

using namespace cm::core;
using namespace std::string_view_literals;

namespace {

/// Calls `check` with each of the 256 bytes as a string.
template <class Check>
void for_each_byte(Check check) {
  for (int i = 0; i < 256; ++i)
    check(static_cast<unsigned char>(i), std::string(1, static_cast<char>(i)));
}

bool in(unsigned char c, std::string_view set) {
  return set.find(static_cast<char>(c)) != std::string_view::npos;
}

bool is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

} // namespace

TEST_CASE("an endpoint ID consists of letters, digits, dot, underscore, tilde and hyphen only") {
  for_each_byte([](unsigned char c, const std::string& text) {
    INFO(int{c});
    CHECK(is_endpoint_id(text) == (is_alnum(c) || in(c, "._~-")));
    CHECK(is_endpoint_id("a" + text + "b") == (is_alnum(c) || in(c, "._~-")));
  });
}

TEST_CASE("an application name consists of lower-case letters, digits, hyphen and underscore only") {
  for_each_byte([](unsigned char c, const std::string& text) {
    const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || in(c, "-_");
    INFO(int{c});
    CHECK(is_application_name(text) == good);
    CHECK(is_application_name("a" + text + "b") == good);
  });
}

TEST_CASE("identifiers have 1 to 255 bytes") {
  for (auto* check : {&is_endpoint_id, &is_application_name, &is_endpoint_token}) {
    CHECK_FALSE((*check)(""));
    CHECK((*check)("a"));
    CHECK((*check)(std::string(255, 'a')));
    CHECK_FALSE((*check)(std::string(256, 'a')));
  }
  // The limit is in bytes, not characters: 127 times two bytes is 254.
  std::string umlauts;
  for (int i = 0; i < 127; ++i)
    umlauts += "ü";
  CHECK(is_endpoint_token(umlauts));
  CHECK(is_endpoint_token(umlauts + "x"));
  CHECK_FALSE(is_endpoint_token(umlauts + "ü"));
}

TEST_CASE("an endpoint token may contain all ASCII except plus, hash, slash, dot and control characters") {
  for_each_byte([](unsigned char c, const std::string& text) {
    const bool good = c >= 0x20 && c < 0x7f && !in(c, "+#/.");
    INFO(int{c});
    CHECK(is_endpoint_token(text) == good);
    CHECK(is_endpoint_token("a" + text + "b") == good);
  });
}

TEST_CASE("an endpoint token may contain all non-ASCII characters except the control characters U+0080 to U+009F") {
  for (const auto good : {"\xc2\xa0"sv, "grüße"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x98\x80"sv, "\xef\xbf\xbf"sv}) {
    INFO(good);
    CHECK(is_endpoint_token(good));
  }
  CHECK_FALSE(is_endpoint_token("\xc2\x80"));
  CHECK_FALSE(is_endpoint_token("a\xc2\x85z"));
  CHECK_FALSE(is_endpoint_token("\xc2\x9f"));
  CHECK_FALSE(is_endpoint_token("a\0b"sv));
}

TEST_CASE("an endpoint token is valid UTF-8") {
  for (const auto bad :
       {"\xc0\x80"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\x80"sv, "\xf0\x9f\x98"sv, "\xc2\x41"sv}) {
    CHECK_FALSE(is_endpoint_token(bad));
    CHECK_FALSE(is_endpoint_token("a" + std::string(bad) + "z"));
  }
}

TEST_CASE("a client name is UTF-8 of 1 to 255 bytes without control characters") {
  using cm::core::is_client_name;
  CHECK(is_client_name(std::string(255, 'n')));
  CHECK(!is_client_name(std::string(256, 'n')));
  CHECK(!is_client_name(""));
  CHECK(is_client_name("CN=a, O=b/c+d #1"));
  CHECK(is_client_name("\xc2\xa0\xc3\x84\xf0\x9f\x98\x80"));
  CHECK(!is_client_name("\xc2\x80"));
  CHECK(!is_client_name("a\xc2\x9f"));
  CHECK(!is_client_name("\xff"));
  CHECK(!is_client_name("\xc2"));
  CHECK(!is_client_name(std::string_view{"a\0b", 3}));
}
