#include "catch.hpp"
#include "client/import_tally.hpp"
#include "client/progress.hpp"
#include "client/rendering.hpp"

using namespace cm::client;
using cm::http::client_response;
using namespace std::chrono_literals;

TEST_CASE("columns are as wide as their widest text in characters, without trailing spaces") {
  CHECK(render_table({"A", "NAME"}, {{"1", "é"}, {"ööö", "x"}}) == "A    NAME\n1    é\nööö  x\n");
  CHECK(render_table({"A"}, {}) == "A\n");
}

TEST_CASE("a page shows the requested members, and a dash for missing ones") {
  const auto page = render_page(R"({"content":[{"id":"a","n":3,"l":["x"]},{"id":null}],"totalElements":9})",
                                {{"id", "ID"}, {"n", "N"}, {"l", "L"}});
  REQUIRE(page.has_value());
  CHECK(page->table == "ID  N  L\na   3  [\"x\"]\n-   -  -\n");
  CHECK(page->shown == 2);
  CHECK(page->total == 9);
}

TEST_CASE("anything but a page or an object is not rendered") {
  for (const auto* text : {"", "[]", "{", "{}", R"({"content":[]})", R"({"content":{},"totalElements":1})",
                           R"({"content":[1],"totalElements":1})", R"({"content":[],"totalElements":-1})"})
    CHECK_FALSE(render_page(text, {{"id", "ID"}}).has_value());
  CHECK_FALSE(render_item("[]", {}).has_value());
}

TEST_CASE("an item is a line for each member that it has") {
  CHECK(render_item(R"({"b":"2","a":"1"})", {{"a", "A"}, {"c", "C"}, {"b", "LONG"}}) == "A     1\nLONG  2\n");
}

TEST_CASE("no response can move the cursor") {
  const auto text = render_item("{\"a\":\"\\u001b[2J\\n\\u009b1m\\u007f\"}", {{"a", "A"}});
  CHECK(text == "A  ?[2J??1m?\n");
  client_response problem;
  problem.status = 500;
  problem.reason = "\x1b[31mred";
  CHECK(render_problem(problem) == "cm: 500 ?[31mred\n");
}

TEST_CASE("a problem shows status, message, fields, Retry-After and the correlation ID") {
  client_response of;
  of.status = 400;
  of.reason = "Bad Request";
  of.fields = {{"Correlation-ID", "c-1"}};
  of.body = R"({"message":"The request is not valid","errors":[{"field":"username","message":"is required"}]})";
  CHECK(render_problem(of)
        == "cm: 400 Bad Request: The request is not valid (correlation ID c-1)\ncm:   username: is required\n");
  of = {};
  of.status = 503;
  of.fields = {{"Retry-After", "1"}};
  of.body = "<html>";
  CHECK(render_problem(of) == "cm: 503 Service Unavailable; try again in 1 s\n");
}

TEST_CASE("health is one line that names the components that are not UP") {
  client_response of;
  of.status = 200;
  of.body = R"({"status":"UP","db":{"status":"UP"}})";
  CHECK(render_health(of) == "UP");
  of.body =
    R"({"status":"DOWN","db":{"status":"DOWN","error":"cannot\nconnect"},"nats":{"status":"DOWN"},"a":{"status":"UP"}})";
  CHECK(render_health(of) == "DOWN: db DOWN (cannot?connect), nats DOWN");
  of.status = 404;
  of.body = "nothing";
  CHECK(render_health(of) == "HTTP 404, and no health in the answer");
}

TEST_CASE("the tally passes complete lines on for any division into pieces, and counts them") {
  const std::string all = "{\"line\":1,\"result\":\"created\"}\n{\"line\":2,\"result\":\"unchanged\"}\n"
                          "{\"line\":3,\"result\":\"failed\",\"code\":400}\n{\"line\":4,\"res";
  for (std::size_t size = 1; size <= all.size(); ++size) {
    std::string out;
    import_tally tally([&](std::string_view lines) {
      CHECK(lines.ends_with('\n'));
      out += lines;
      return true;
    });
    for (std::size_t at = 0; at < all.size(); at += size)
      REQUIRE(tally.feed(std::string_view(all).substr(at, size)));
    CHECK(out == all.substr(0, all.rfind('\n') + 1));
    CHECK(tally.summary() == "3 lines: 1 created, 1 unchanged, 1 failed");
  }
}

TEST_CASE("the tally refuses lines that are not results, and endless lines") {
  import_tally html([](auto) { return true; });
  CHECK_FALSE(html.feed("<html>\n"));
  CHECK(html.is_broken());
  import_tally endless([](auto) { return true; });
  CHECK_FALSE(endless.feed(std::string(import_tally::max_line + 1, 'x')));
  CHECK(endless.is_broken());
  import_tally unwanted([](auto) { return false; });
  CHECK_FALSE(unwanted.feed("{\"result\":\"created\"}\n"));
  CHECK_FALSE(unwanted.is_broken());
}

TEST_CASE("progress shows a bar if the total is known, and fits into a line") {
  CHECK(render_progress({50, 100, 10, 0, 500ms}) == "[############............]  50 %  10 lines");
  CHECK(render_progress({7, std::nullopt, 1, 1, 2s}) == "1 line, 1 failed, 0/s");
  CHECK(render_progress({0, 0, 0, 0, 0ms}) == "[########################] 100 %  0 lines");
  CHECK(render_progress({200, 100, 0, 0, 0ms}).find("100 %") != std::string::npos);
  CHECK(render_progress({1U << 30U, 1U << 30U, 1'000'000'000, 1'000'000, 1h}).size() <= 80);
}
