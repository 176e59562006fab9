#include "actors/runtime/bounded_request.hpp"
#include "catch.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;

namespace {

caf::message_id request_id(std::uint64_t number) {
  return caf::make_message_id(number);
}

const core::steady_time start_time{};

} // namespace

TEST_CASE("several requests share a timer, which is set for the earliest deadline") {
  request_deadlines deadlines;
  CHECK_FALSE(deadlines.next_timer(start_time));
  deadlines.add(request_id(1), start_time + milliseconds{5000});
  CHECK(deadlines.next_timer(start_time) == start_time + milliseconds{5000});
  deadlines.add(request_id(2), start_time + milliseconds{6000});
  CHECK_FALSE(deadlines.next_timer(start_time));
  deadlines.add(request_id(3), start_time + milliseconds{4950});
  CHECK_FALSE(deadlines.next_timer(start_time)); // the resolution
  deadlines.add(request_id(4), start_time + milliseconds{1000});
  CHECK(deadlines.next_timer(start_time) == start_time + milliseconds{1000});
  deadlines.add(request_id(5), start_time + milliseconds{10});
  CHECK(deadlines.next_timer(start_time) == start_time + request_deadlines::resolution);
}

TEST_CASE("an answered request does not expire, and an expired one is reported once") {
  request_deadlines deadlines;
  for (std::uint64_t n = 1; n <= 4; ++n)
    deadlines.add(request_id(n), start_time + milliseconds{100} * n);
  deadlines.answered(request_id(2));
  deadlines.answered(request_id(2));
  deadlines.answered(request_id(77));
  CHECK(deadlines.size() == 3);
  CHECK(deadlines.take_expired(start_time + milliseconds{99}).empty());
  CHECK(deadlines.take_expired(start_time + milliseconds{300}) == std::vector{request_id(1), request_id(3)});
  CHECK(deadlines.take_expired(start_time + milliseconds{300}).empty());
  CHECK(deadlines.size() == 1);
}

TEST_CASE("after a timer the next one is set for the pending requests, and none if there are none") {
  request_deadlines deadlines;
  deadlines.add(request_id(1), start_time + milliseconds{500});
  const auto first = deadlines.next_timer(start_time);
  REQUIRE(first);
  deadlines.answered(request_id(1));
  deadlines.add(request_id(2), start_time + milliseconds{800});
  CHECK_FALSE(deadlines.next_timer(start_time));
  deadlines.timer_over(*first);
  CHECK(deadlines.take_expired(*first).empty());
  CHECK(deadlines.next_timer(*first) == start_time + milliseconds{800});
  deadlines.answered(request_id(2));
  deadlines.timer_over(start_time + milliseconds{800});
  CHECK_FALSE(deadlines.next_timer(start_time + milliseconds{800}));
}
