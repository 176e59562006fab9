#include "catch.hpp"
#include "core/base/error.hpp"

#include <array>
#include <set>
#include <stdexcept>

using namespace cm::core;

TEST_CASE("every error code has the name, the HTTP status and the ECAP status of the contract") {
  struct row {
    errc code;
    std::string_view name;
    int http;
    int ecap;
  };

  const std::array<row, errc_count> rows{{
    {errc::none, "none", 200, 200},
    {errc::invalid, "invalid", 400, 400},
    {errc::unauthenticated, "unauthenticated", 401, 401},
    {errc::forbidden, "forbidden", 403, 403},
    {errc::not_found, "not_found", 404, 404},
    {errc::expired, "expired", 408, 408},
    {errc::conflict, "conflict", 409, 409},
    {errc::precondition_failed, "precondition_failed", 412, 409},
    {errc::throttled, "throttled", 429, 429},
    {errc::internal, "internal", 500, 500},
    {errc::overloaded, "overloaded", 503, 503},
    {errc::unavailable, "unavailable", 503, 503},
  }};
  std::set<errc> seen;
  for (const auto& r : rows) {
    INFO(r.name);
    seen.insert(r.code);
    CHECK(to_string(r.code) == r.name);
    CHECK(http_status(r.code) == r.http);
    CHECK(ecap_status(r.code) == r.ecap);
  }
  CHECK(seen.size() == errc_count);
}

TEST_CASE("only `none` maps to a success, and ECAP statuses are those of contract 4.1") {
  const std::set<int> ecap_codes{400, 401, 403, 404, 408, 409, 429, 500, 503};
  for (std::size_t i = 1; i < errc_count; ++i) {
    const auto code = static_cast<errc>(i);
    INFO(to_string(code));
    CHECK(http_status(code) >= 400);
    CHECK(ecap_codes.count(ecap_status(code)) == 1);
  }
}

TEST_CASE("an undefined error code counts as internal") {
  const auto stray = static_cast<errc>(200);
  CHECK(to_string(stray) == "internal");
  CHECK(http_status(stray) == 500);
  CHECK(ecap_status(stray) == 500);
}

TEST_CASE("every status that CM sends has its reason phrase") {
  struct row {
    int status;
    std::string_view phrase;
  };

  // RFC 9110 section 15; 429 and 431: RFC 6585.
  const std::array<row, 22> rows{{{200, "OK"},
                                  {201, "Created"},
                                  {204, "No Content"},
                                  {304, "Not Modified"},
                                  {400, "Bad Request"},
                                  {401, "Unauthorized"},
                                  {403, "Forbidden"},
                                  {404, "Not Found"},
                                  {405, "Method Not Allowed"},
                                  {406, "Not Acceptable"},
                                  {408, "Request Timeout"},
                                  {409, "Conflict"},
                                  {411, "Length Required"},
                                  {412, "Precondition Failed"},
                                  {413, "Content Too Large"},
                                  {414, "URI Too Long"},
                                  {415, "Unsupported Media Type"},
                                  {417, "Expectation Failed"},
                                  {429, "Too Many Requests"},
                                  {431, "Request Header Fields Too Large"},
                                  {500, "Internal Server Error"},
                                  {503, "Service Unavailable"}}};
  for (const auto& r : rows)
    CHECK(reason_phrase(r.status) == r.phrase);
  for (std::size_t i = 0; i < errc_count; ++i)
    CHECK(reason_phrase(http_status(static_cast<errc>(i))) != "Unknown");
  for (const int wrong : {0, -1, 299, 418, 600})
    CHECK(reason_phrase(wrong) == "Unknown");
}

TEST_CASE("value() of an error throws std::logic_error that describes the error") {
  const expected<int> failed = make_error(errc::not_found, "no such token", "id 7");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().detail == "id 7");
  CHECK(failed.error().fields.empty());
  try {
    (void)failed.value();
    FAIL("no exception");
  } catch (const std::logic_error& e) {
    const std::string text = e.what();
    CHECK(text.find("not_found") != std::string::npos);
    CHECK(text.find("no such token") != std::string::npos);
  }
}
