#include "actors/runtime/worker_slots.hpp"
#include "catch.hpp"

#include <chrono>

using cm::actors::worker_slots;

TEST_CASE("only a connected worker without a job is idle, the first of them first") {
  worker_slots slots{3};
  CHECK_FALSE(slots.idle().has_value());
  slots.connected(1, true);
  slots.connected(2, true);
  REQUIRE(slots.idle() == 1U);
  slots.assign(1, 7);
  CHECK(slots.idle() == 2U);
  slots.assign(2, 8);
  CHECK_FALSE(slots.idle().has_value());
  CHECK(slots.busy() == 2);
  CHECK(slots.connected() == 2);
}

TEST_CASE("a worker is idle again when its job has ended, which it does once") {
  worker_slots slots{1};
  slots.connected(0, true);
  slots.assign(0, 7);
  CHECK_FALSE(slots.finish(6));
  CHECK(slots.finish(7));
  CHECK_FALSE(slots.finish(7));
  CHECK(slots.idle() == 0U);
  CHECK(slots.busy() == 0);
}

TEST_CASE("the job of a lost worker ends with it, and the worker is not connected until it says so") {
  worker_slots slots{2};
  slots.connected(0, true);
  slots.assign(0, 7);
  CHECK(slots.lost(0) == 7U);
  CHECK_FALSE(slots.lost(0).has_value());
  CHECK_FALSE(slots.finish(7));
  CHECK_FALSE(slots.idle().has_value());
  slots.connected(0, true);
  CHECK(slots.idle() == 0U);
}

TEST_CASE("a worker that is disconnected keeps its job, since its answer may still come") {
  worker_slots slots{1};
  slots.connected(0, true);
  slots.assign(0, 7);
  slots.connected(0, false);
  CHECK(slots.busy() == 1);
  CHECK(slots.finish(7));
  CHECK_FALSE(slots.idle().has_value());
}

TEST_CASE("workers that do not exist are ignored") {
  worker_slots slots{1};
  slots.connected(1, true);
  CHECK_FALSE(slots.idle().has_value());
  CHECK_FALSE(slots.lost(1).has_value());
}

TEST_CASE("jobs go to the idle worker that was proven last, and probes to the one that was proven first") {
  worker_slots slots{4};
  const auto at = [](int ms) { return cm::core::steady_time{std::chrono::milliseconds{ms}}; };
  for (std::size_t i = 0; i < 4; ++i)
    slots.connected(i, true);
  slots.proven(0, at(300));
  slots.proven(1, at(100));
  slots.proven(2, at(500));
  slots.proven(3, at(200));
  slots.proven(9, at(900)); // there is no such worker
  CHECK(slots.idle() == 2U);
  CHECK(slots.stalest() == 1U);
  slots.assign(2, 7);
  slots.connected(1, false);
  CHECK(slots.idle() == 0U);
  CHECK(slots.stalest() == 3U);
}
