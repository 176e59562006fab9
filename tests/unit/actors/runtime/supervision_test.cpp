#include "actors/runtime/supervision.hpp"
#include "catch.hpp"

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

core::steady_time since_start(milliseconds after_start) {
  return core::steady_time{std::chrono::hours{1}} + after_start;
}

// Settings without the limit of failures, for tests of the delays.
supervision_settings unlimited() {
  supervision_settings out;
  out.limit = 1000000;
  return out;
}

bool about(std::optional<milliseconds> delay, milliseconds full) {
  return delay && *delay <= full && delay->count() * 10 >= full.count() * 8 - 10; // truncated to whole milliseconds
}

} // namespace

TEST_CASE("a child is restarted after 50 ms, doubling to 5 s, each delay shortened randomly by at most a fifth") {
  child_record child{unlimited()};
  auto now = since_start(milliseconds{0});
  for (const int expected : {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}) {
    child.started(now);
    CHECK(child.running());
    now += seconds{1};
    const auto delay = child.failed(now);
    CHECK_FALSE(child.running());
    INFO("expected about " << expected << ", got " << (delay ? delay->count() : -1));
    CHECK(about(delay, milliseconds{expected}));
  }
  CHECK(child.restarts() == 10);
}

TEST_CASE("the delays of many children differ, so that they do not restart together") {
  std::vector<milliseconds> delays;
  for (int i = 0; i < 50; ++i) {
    child_record child{unlimited()};
    for (int n = 0; n < 9; ++n)
      static_cast<void>(child.failed(since_start(milliseconds{n})));
    delays.push_back(*child.failed(since_start(seconds{1})));
  }
  const auto [min, max] = std::minmax_element(delays.begin(), delays.end());
  CHECK(*max - *min > milliseconds{100});
}

TEST_CASE("a child that ran for 60 s is restarted with the first delay again, one that ran for less is not") {
  child_record child{unlimited()};
  auto now = since_start(milliseconds{0});
  for (int i = 0; i < 4; ++i) {
    child.started(now);
    static_cast<void>(child.failed(now));
  }
  SECTION("60 s") {
    child.started(now);
    CHECK(about(child.failed(now + seconds{60}), milliseconds{50}));
  }
  SECTION("a little less") {
    child.started(now);
    CHECK(about(child.failed(now + milliseconds{59999}), milliseconds{800}));
  }
  SECTION("60 s without running do not count") {
    CHECK(about(child.failed(now + seconds{60}), milliseconds{800}));
  }
}

TEST_CASE("the eleventh failure within 60 s exceeds the limit") {
  child_record child{supervision_settings{}};
  for (int i = 0; i < 10; ++i)
    REQUIRE(child.failed(since_start(seconds{i * 6})).has_value());
  SECTION("within") {
    CHECK_FALSE(child.failed(since_start(seconds{60})).has_value());
    CHECK(child.restarts() == 11);
  }
  SECTION("after") {
    CHECK(child.failed(since_start(milliseconds{60001})).has_value());
  }
}

TEST_CASE("any number of failures is tolerated if they are spread over more time") {
  child_record child{supervision_settings{}};
  for (int i = 0; i < 1000; ++i)
    REQUIRE(child.failed(since_start(milliseconds{i * 6100})).has_value());
  CHECK(child.restarts() == 1000);
}
