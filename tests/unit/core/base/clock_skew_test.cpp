#include "catch.hpp"
#include "core/base/clock_skew.hpp"

using namespace cm::core;
using namespace std::chrono_literals;

TEST_CASE("Clocks are compared at the middle of the round trip, and the error is half of the round trip") {
  const auto sent = from_unix_ms(1'000'000);
  CHECK(compare_clocks(sent, 0ms, sent) == clock_skew{0ms, 0ms});
  CHECK(compare_clocks(sent, 200ms, sent + 100ms) == clock_skew{0ms, 100ms});
  CHECK(compare_clocks(sent, 200ms, sent) == clock_skew{100ms, 100ms});
  CHECK(compare_clocks(sent, 0ms, sent - 192h) == clock_skew{192h, 0ms});
  CHECK(compare_clocks(sent, 0ms, sent + 7s) == clock_skew{-7s, 0ms});
}

TEST_CASE("A difference above 5 s in either direction is excessive until it falls below 4 s") {
  const auto sign = GENERATE(1, -1);
  clock_skew_watch watch;
  CHECK_FALSE(watch.last().has_value());
  CHECK_FALSE(watch.take({sign * 5000ms, 0ms}));
  CHECK_FALSE(watch.excessive());
  CHECK(watch.take({sign * 5001ms, 0ms}));
  CHECK(watch.excessive());
  CHECK_FALSE(watch.take({sign * 4000ms, 0ms}));
  CHECK(watch.excessive());
  CHECK(watch.take({sign * 3999ms, 0ms}));
  CHECK_FALSE(watch.excessive());
  CHECK_FALSE(watch.take({sign * 4500ms, 0ms}));
  CHECK(watch.last() == clock_skew{sign * 4500ms, 0ms});
}

TEST_CASE("A difference that a slow round trip can explain is not excessive") {
  clock_skew_watch watch;
  CHECK_FALSE(watch.take({6s, 2s}));
  CHECK(watch.take({8s, 2s}));
}
