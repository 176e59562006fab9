#include "catch.hpp"
#include "core/memory/attempt_limiter.hpp"

#include <stdexcept>
#include <string>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{100h};

void fail_times(attempt_limiter& limiter, std::string_view username, int times, steady_time at) {
  for (int i = 0; i < times; ++i)
    limiter.failed(username, at);
}

} // namespace

TEST_CASE("the tenth failure within a minute blocks a username for thirty seconds") {
  attempt_limiter limiter;
  for (int i = 0; i < 9; ++i) {
    limiter.failed("joe", start + i * 6s);
    CHECK_FALSE(limiter.blocked("joe", start + i * 6s));
  }
  limiter.failed("joe", start + 59'999ms);
  CHECK(limiter.blocked("joe", start + 59'999ms));
  CHECK(limiter.blocked("joe", start + 89'998ms));
  CHECK_FALSE(limiter.blocked("joe", start + 89'999ms));
  // After the block, counting restarts.
  CHECK(limiter.size() == 0);
  fail_times(limiter, "joe", 9, start + 90s);
  CHECK_FALSE(limiter.blocked("joe", start + 90s));
  limiter.failed("joe", start + 90s);
  CHECK(limiter.blocked("joe", start + 90s));
}

TEST_CASE("failures that are spread over more than a minute do not block") {
  attempt_limiter limiter;
  for (int i = 0; i < 1000; ++i) {
    const auto now = start + i * 6667ms; // nine in each minute
    limiter.failed("joe", now);
    REQUIRE_FALSE(limiter.blocked("joe", now));
  }
  // A sliding window, not a minute of the clock.
  attempt_limiter other;
  fail_times(other, "joe", 5, start + 59s);
  fail_times(other, "joe", 5, start + 61s);
  CHECK(other.blocked("joe", start + 61s));
}

TEST_CASE("one username does not block another") {
  attempt_limiter limiter;
  fail_times(limiter, "joe", 10, start);
  CHECK(limiter.blocked("joe", start));
  CHECK_FALSE(limiter.blocked("Joe", start));
  CHECK_FALSE(limiter.blocked("", start));
  fail_times(limiter, "", 10, start);
  CHECK(limiter.blocked("", start));
}

TEST_CASE("failures during a block do not extend it") {
  attempt_limiter limiter;
  fail_times(limiter, "joe", 10, start);
  fail_times(limiter, "joe", 10, start + 29s);
  CHECK(limiter.blocked("joe", start + 29'999ms));
  CHECK_FALSE(limiter.blocked("joe", start + 30s));
}

TEST_CASE("memory is bounded, and blocked usernames are evicted last") {
  attempt_limiter limiter{{.failures = 2, .max_usernames = 3}};
  fail_times(limiter, "blocked", 2, start);
  limiter.failed("a", start + 1s);
  limiter.failed("b", start + 2s);
  limiter.failed("a", start + 3s); // blocks "a"
  REQUIRE(limiter.blocked("a", start + 3s));
  for (int i = 0; i < 1000; ++i)
    limiter.failed("flood " + std::to_string(i), start + 4s);
  CHECK(limiter.size() == 3);
  CHECK(limiter.blocked("blocked", start + 4s));
  CHECK(limiter.blocked("a", start + 4s));

  SECTION("of the usernames without a block, the one with the oldest last failure is evicted") {
    attempt_limiter other{{.failures = 3, .max_usernames = 2}};
    other.failed("a", start);
    other.failed("b", start + 1s);
    other.failed("a", start + 2s);
    other.failed("c", start + 3s); // evicts "b"
    other.failed("a", start + 4s);
    CHECK(other.blocked("a", start + 4s));
    other.failed("b", start + 5s);
    other.failed("b", start + 5s);
    CHECK_FALSE(other.blocked("b", start + 5s));
  }
  SECTION("if all are blocked, the one whose block ends first is evicted") {
    fail_times(limiter, "flood 999", 1, start + 5s); // the second failure, which blocks
    REQUIRE(limiter.blocked("flood 999", start + 5s));
    limiter.failed("new", start + 6s);
    CHECK(limiter.size() == 3);
    CHECK_FALSE(limiter.blocked("blocked", start + 6s));
    CHECK(limiter.blocked("a", start + 6s));
    CHECK(limiter.blocked("flood 999", start + 6s));
  }
}

TEST_CASE("expired entries are removed also if their usernames are not used again") {
  attempt_limiter limiter;
  for (int i = 0; i < 100; ++i)
    limiter.failed("user " + std::to_string(i), start + i * 1s);
  CHECK(limiter.size() == 60);
  CHECK_FALSE(limiter.blocked("nobody", start + 10min));
  CHECK(limiter.size() == 0);
}

TEST_CASE("an attempt limiter with a limit or capacity of 0 throws") {
  CHECK_THROWS_AS(attempt_limiter({.failures = 0}), std::invalid_argument);
  CHECK_THROWS_AS(attempt_limiter({.max_usernames = 0}), std::invalid_argument);
}

TEST_CASE("left() is the number of failures that remain before a username is blocked") {
  attempt_limiter limiter;
  CHECK(limiter.left("joe", start) == 10);
  fail_times(limiter, "joe", 4, start);
  CHECK(limiter.left("joe", start) == 6);
  CHECK(limiter.left("ann", start) == 10);
  CHECK(limiter.left("joe", start + 60s) == 10); // the window has passed
  fail_times(limiter, "joe", 10, start + 60s);
  CHECK(limiter.left("joe", start + 60s) == 0);
  CHECK(limiter.left("joe", start + 90s) == 10);
}
