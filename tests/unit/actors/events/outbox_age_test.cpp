#include "actors/events/outbox_age.hpp"
#include "catch.hpp"

using namespace cm;
using namespace cm::actors;
using namespace std::chrono_literals;

namespace {

constexpr core::steady_time start{1h};

} // namespace

TEST_CASE("the age of the oldest event grows between two reads, and ends with the event") {
  outbox_age age;
  CHECK(age.empty());
  CHECK(age.at(start) == 0ms);
  age.take(7, 30s, start);
  CHECK(age.at(start + 2s) == 32s);
  age.take(0, 0s, start + 3s);
  CHECK(age.empty());
  CHECK(age.at(start + 4s) == 0ms);
}

TEST_CASE("an event with a future timestamp is as old as the time since it was first seen in the outbox") {
  outbox_age age;
  for (auto second = 0s; second <= 90s; ++second)
    age.take(7, 0ms, start + second);
  CHECK(age.at(start + 90s) == 90s);
  age.take(8, 0ms, start + 91s);
  CHECK(age.at(start + 92s) == 1s);
}
