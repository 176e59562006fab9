#include "catch.hpp"
#include "http/server/response_counters.hpp"

using namespace cm;
using namespace std::chrono_literals;

TEST_CASE("Responses are counted by route and status, and those without a route separately") {
  http::response_counters counters{2};
  const core::steady_time now{1h};
  counters.answered(1, 200, 3ms, now);
  counters.answered(1, 200, 4ms, now + 1s);
  counters.answered(http::response_counters::no_route, 404, 1ms, now);
  counters.answered(99, 404, 1ms, now);
  CHECK(counters.count(1, core::status_index(200)) == 2);
  CHECK(counters.count(0, core::status_index(200)) == 0);
  CHECK(counters.count(http::response_counters::no_route, core::status_index(404)) == 2);
  CHECK(counters.last(1).took_ns == 4'000'000);
  CHECK(counters.last(0).at_ns == 0);
  core::duration_counts all;
  counters.add_to(core::status_index(200), all);
  CHECK(all.total() == 2);
}
