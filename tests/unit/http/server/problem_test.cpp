#include "http/server/exchange.hpp"
#include "http/server/problem.hpp"
#include "http/server/response_writer.hpp"
#include "parsed.hpp"
#include "rest.hpp"

#include <chrono>
#include <memory>

using cm::core::errc;
using cm::http::problem;
using cm::test::header;
using cm::test::make_request;

namespace {

cm::http::request sample_request() {
  return make_request("GET", "/a/b?c=d", "Correlation-ID: c-1\r\n");
}

std::string written(const cm::http::response& answer, const cm::http::response_context& context) {
  std::string out;
  cm::http::write_head(out, answer, context, std::chrono::system_clock::from_time_t(784111777));
  return out;
}

} // namespace

TEST_CASE("An error body has message, status, path and correlation ID") {
  const auto answer = problem(sample_request(), cm::core::make_error(errc::not_found, "No such token", "row 17"));
  CHECK(answer.status == 404);
  CHECK(answer.content_type == "application/json");
  CHECK(answer.body == R"({"message":"No such token","status":404,"path":"/a/b","correlationId":"c-1"})");
}

TEST_CASE("A 400 lists the invalid fields") {
  auto error = cm::core::make_error(errc::invalid, "Not valid");
  error.fields = {{"a", "is required"}, {"b", "must be a string"}};
  CHECK(problem(sample_request(), error).body
        == R"({"message":"Not valid","status":400,"path":"/a/b","correlationId":"c-1",)"
           R"("errors":[{"field":"a","message":"is required"},{"field":"b","message":"must be a string"}]})");
}

TEST_CASE("A 500 contains only its reason phrase") {
  const auto answer = problem(sample_request(), cm::core::make_error(errc::internal, "secret thing", "more of it"));
  CHECK(answer.status == 500);
  CHECK(answer.body == R"({"message":"Internal Server Error","status":500,"path":"/a/b","correlationId":"c-1"})");
}

TEST_CASE("503 and 429 have Retry-After") {
  CHECK(header(problem(sample_request(), cm::core::make_error(errc::unavailable, "")), "Retry-After") == "1");
  CHECK(header(problem(sample_request(), cm::core::make_error(errc::overloaded, "")), "Retry-After") == "1");
  CHECK(header(problem(sample_request(), cm::core::make_error(errc::throttled, "")), "Retry-After") == "30");
  CHECK(header(problem(sample_request(), 404), "Retry-After").empty());
  CHECK(problem(sample_request(), 503).body
        == R"({"message":"Service Unavailable","status":503,"path":"/a/b","correlationId":"c-1"})");
}

TEST_CASE("The head of a response contains the common headers") {
  const auto answer = cm::http::json_response(200, "{}").with("ETag", "\"x\"").with("Connection", "forged");
  CHECK(written(answer, {"c-1", false, true})
        == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
           "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nCorrelation-ID: c-1\r\nCache-Control: no-store\r\n"
           "X-Content-Type-Options: nosniff\r\nConnection: keep-alive\r\nETag: \"x\"\r\n\r\n");
}

TEST_CASE("A response without a body has no Content-Length") {
  const int status = GENERATE(204, 304);
  const auto head = written(cm::http::empty_response(status), {"c", false, false});
  CHECK(head.find("Content-Length") == std::string::npos);
  CHECK(head.find("\r\nContent-Type:") == std::string::npos);
  CHECK(head.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("A header value cannot inject another header") {
  const auto head = written(cm::http::empty_response(204).with("Location", "/a\r\nSet-Cookie: b"), {"c", false, true});
  CHECK(head.find("Location: /a  Set-Cookie: b\r\n") != std::string::npos);
}

TEST_CASE("A response may replace Cache-Control") {
  const auto head = written(cm::http::json_response(200, "").with("cache-control", "max-age=5"), {"c", false, true});
  CHECK(head.find("no-store") == std::string::npos);
  CHECK(head.find("cache-control: max-age=5\r\n") != std::string::npos);
}

TEST_CASE("An exchange is answered once") {
  std::vector<int> given;
  cm::http::exchange open{sample_request(), [&](const cm::http::response& answer) { given.push_back(answer.status); },
                          std::chrono::steady_clock::now()};
  CHECK(!open.answered());
  CHECK(open.request().path() == "/a/b");
  CHECK(open.respond(cm::http::empty_response(204)));
  CHECK(!open.respond(cm::http::empty_response(200)));
  CHECK(open.answered());
  CHECK(given == std::vector<int>{204});
}

TEST_CASE("Destroying an unanswered exchange answers 503") {
  std::vector<cm::http::response> given;
  {
    auto open = std::make_shared<cm::http::exchange>(
      sample_request(), [&](const cm::http::response& answer) { given.push_back(answer); },
      std::chrono::steady_clock::now());
    auto other = open;
    open.reset();
    CHECK(given.empty());
  }
  REQUIRE(given.size() == 1);
  CHECK(given.front().status == 503);
  CHECK(given.front().body.find("\"message\":\"Service Unavailable\"") != std::string::npos);
}

TEST_CASE("Destroying an answered exchange does not answer again") {
  int given = 0;
  {
    cm::http::exchange open{sample_request(), [&](const cm::http::response&) { ++given; },
                            std::chrono::steady_clock::now()};
    open.respond(cm::http::empty_response(204));
  }
  CHECK(given == 1);
}
