#include "actors/nats/in_flight_limiter.hpp"
#include "catch.hpp"

using cm::actors::in_flight_limiter;

TEST_CASE("enter() returns false beyond the limit, and counts those requests too until they leave") {
  in_flight_limiter limiter{3};
  CHECK(limiter.enter());
  CHECK(limiter.enter());
  CHECK(limiter.enter());
  CHECK_FALSE(limiter.enter());
  CHECK(limiter.in_flight() == 4);
  limiter.leave(); // the one that was refused
  CHECK_FALSE(limiter.enter());
  limiter.leave();
  limiter.leave();
  CHECK(limiter.in_flight() == 2);
  CHECK(limiter.enter());
}

TEST_CASE("a limit of 0 admits no request") {
  in_flight_limiter limiter{0};
  CHECK_FALSE(limiter.enter());
  limiter.leave();
  CHECK(limiter.in_flight() == 0);
}
