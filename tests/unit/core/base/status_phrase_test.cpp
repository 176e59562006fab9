#include "catch.hpp"
#include "core/base/status_phrase.hpp"

#include <array>

using cm::core::reason_phrase;

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
  for (const int wrong : {0, -1, 299, 418, 600})
    CHECK(reason_phrase(wrong) == "Unknown");
}
