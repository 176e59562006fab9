#include "catch.hpp"
#include "core/base/backoff.hpp"

#include <algorithm>
#include <vector>

using namespace cm::core;
using namespace std::chrono_literals;

TEST_CASE("without jitter the delay doubles from the first to the cap and stays there") {
  backoff delays{{100ms, 5000ms, 0.0}, 1};
  for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms})
    CHECK(delays.next() == expected);
  CHECK(delays.attempts() == 8);
  // Many more attempts than a shift can represent.
  for (int i = 0; i < 1000; ++i)
    REQUIRE(delays.next() == 5000ms);
}

TEST_CASE("after a success the delays restart at the first") {
  backoff delays{{100ms, 5000ms, 0.0}, 1};
  (void)delays.next();
  (void)delays.next();
  delays.reset();
  CHECK(delays.attempts() == 0);
  CHECK(delays.next() == 100ms);
  CHECK(delays.next() == 200ms);
}

TEST_CASE("jitter shortens a delay by at most its fraction, never lengthens it, and uses the whole range") {
  auto shortest = 1000ms;
  auto longest = 0ms;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    backoff delays{{1000ms, 5000ms, 0.2}, seed};
    const auto first = delays.next();
    REQUIRE(first >= 799ms);
    REQUIRE(first <= 1000ms);
    shortest = std::min(shortest, first);
    longest = std::max(longest, first);
    (void)delays.next();
    (void)delays.next();
    const auto capped = delays.next();
    REQUIRE(capped >= 3999ms);
    REQUIRE(capped <= 5000ms);
  }
  CHECK(shortest < 820ms);
  CHECK(longest > 980ms);
}

TEST_CASE("delays differ between owners, so that they do not retry at the same time") {
  backoff first{{1000ms, 100'000ms, 0.5}, 1};
  backoff second{{1000ms, 100'000ms, 0.5}, 2};
  std::vector<std::chrono::milliseconds> first_delays;
  std::vector<std::chrono::milliseconds> second_delays;
  for (int i = 0; i < 5; ++i) {
    first_delays.push_back(first.next());
    second_delays.push_back(second.next());
  }
  CHECK(first_delays != second_delays);
}

TEST_CASE("a first delay above the cap is reduced to the cap") {
  backoff delays{{10s, 5s, 0.0}, 1};
  CHECK(delays.next() == 5s);
  CHECK(delays.next() == 5s);
}

TEST_CASE("the intensity limit is exceeded by the failure after the limit within the window") {
  intensity_limit limit{10, 60s};
  const steady_time start{1h};
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(limit.exceeded_by_failure_at(start + i * 1s));
  CHECK(limit.exceeded_by_failure_at(start + 10s));
}

TEST_CASE("failures that are older than the window do not count") {
  intensity_limit limit{2, 60s};
  const steady_time start{1h};
  CHECK_FALSE(limit.exceeded_by_failure_at(start));
  CHECK_FALSE(limit.exceeded_by_failure_at(start + 30s));
  SECTION("the first is still within") {
    CHECK(limit.exceeded_by_failure_at(start + 60s));
  }
  SECTION("the first is just outside") {
    CHECK_FALSE(limit.exceeded_by_failure_at(start + 60s + 1ms));
    CHECK(limit.exceeded_by_failure_at(start + 90s));
  }
  SECTION("slow failures never exceed it") {
    for (int i = 2; i < 1000; ++i)
      REQUIRE_FALSE(limit.exceeded_by_failure_at(start + i * 31s));
  }
}

TEST_CASE("a limit of 0 is exceeded by the first failure") {
  intensity_limit limit{0, 60s};
  CHECK(limit.exceeded_by_failure_at(steady_time{1h}));
}

TEST_CASE("the delays go on over connections that do not last, and restart after one that did") {
  connection_backoff delays{{100ms, 5000ms, 0.0}, 10s};
  steady_time now{1h};
  CHECK(delays.next(now) == 100ms);
  for (const auto expected : {200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    delays.connected(now);
    CHECK_FALSE(delays.lasts(now + 9'999ms));
    now += 9'999ms;
    CHECK(delays.next(now) == expected);
  }
  delays.connected(now);
  CHECK(delays.lasts(now + 10s));
  CHECK(delays.next(now + 10s) == 100ms);
  CHECK(delays.attempts() == 1);
}

TEST_CASE("a connection that was lost does not count while others fail") {
  connection_backoff delays{{100ms, 5000ms, 0.0}, 10s};
  const steady_time now{1h};
  delays.connected(now);
  CHECK(delays.next(now + 1s) == 100ms);
  CHECK(delays.next(now + 20s) == 200ms);
  CHECK_FALSE(delays.lasts(now + 30s));
}
