#include "actors/nats/solo_traffic_detector.hpp"
#include "catch.hpp"

using cm::actors::solo_traffic_detector;

namespace {

unsigned singles_until_solo(solo_traffic_detector& traffic) {
  unsigned refused = 0;
  while (!traffic.is_solo(1) && refused < 1'000)
    ++refused;
  return refused;
}

} // namespace

TEST_CASE("traffic is solo while every batch is a single reply") {
  solo_traffic_detector traffic;
  for (int i = 0; i < 100; ++i)
    CHECK(traffic.is_solo(1));
}

TEST_CASE("a batch of several replies is not solo traffic, nor are the next few single replies") {
  solo_traffic_detector traffic;
  CHECK_FALSE(traffic.is_solo(2));
  CHECK(singles_until_solo(traffic) == solo_traffic_detector::memory);
  CHECK(traffic.is_solo(1));
}

TEST_CASE("concurrent traffic among the next few batches restarts the count") {
  solo_traffic_detector traffic;
  CHECK_FALSE(traffic.is_solo(64));
  CHECK_FALSE(traffic.is_solo(1));
  CHECK_FALSE(traffic.is_solo(64));
  CHECK(singles_until_solo(traffic) == solo_traffic_detector::memory);
}

TEST_CASE("after a lock conflict the next few single replies are not solo traffic") {
  solo_traffic_detector traffic;
  CHECK(traffic.is_solo(1));
  traffic.saw_others();
  CHECK(singles_until_solo(traffic) == solo_traffic_detector::memory);
}
