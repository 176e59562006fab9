#include "actors/interfaces/storage_job.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

std::vector<core::uuid> ids(const storage_job& job) {
  std::vector<core::uuid> out;
  if (const auto* activate = activation_in(job)) {
    for (const auto& item : activate->items)
      out.push_back(item.id);
  }
  return out;
}

} // namespace

TEST_CASE("first uses are dispatched in batches of at most 256, with the replica as the actor") {
  auto settings = pool_of(4);
  settings.replica = "replica-1";
  connected_dispatcher dispatcher{settings};
  REQUIRE(dispatcher.add(first_uses(0, 400)) == 0);
  auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  REQUIRE(activation_in(*work[0].payload) != nullptr);
  CHECK(activation_in(*work[0].payload)->actor == "replica-1");
  CHECK(activation_in(*work[0].payload)->items.front().correlation_id == "c");
  CHECK(ids(*work[0].payload).size() == 256);
  CHECK(finish(dispatcher, work[0]).empty());
  work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(ids(*work[0].payload).size() == 144);
}

TEST_CASE("a first use that waits or is under way is not queued again until it is done") {
  connected_dispatcher dispatcher{pool_of(4)};
  CHECK(dispatcher.add(first_uses(0, 3)) == 0);
  CHECK(dispatcher.add(first_uses(1, 3)) == 0);
  CHECK(dispatcher.waiting_activations() == 4);
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(dispatcher.add(first_uses(0, 4)) == 0);
  CHECK(dispatcher.waiting_activations() == 0);
  CHECK(finish(dispatcher, work[0]).empty());
  CHECK(dispatcher.add(first_uses(0, 4)) == 0);
  CHECK(dispatcher.waiting_activations() == 4);
}

TEST_CASE("first uses that the database could not write are retried after half a second") {
  connected_dispatcher dispatcher{pool_of(4)};
  REQUIRE(dispatcher.add(first_uses(0, 3)) == 0);
  auto work = take_all(dispatcher, at(milliseconds{0}));
  REQUIRE(work.size() == 1);
  const auto before = ids(*work[0].payload);

  SECTION("the database is down") {
    CHECK(dispatcher.finished(work[0].job, failure(errc::unavailable)).empty());
  }
  SECTION("the job has expired") {
    CHECK(dispatcher.finished(work[0].job, failure(errc::expired)).empty());
  }
  SECTION("the worker was lost") {
    CHECK(dispatcher.lost(work[0].worker).empty());
  }
  CHECK(dispatcher.waiting_activations() == 3);
  CHECK_FALSE(dispatcher.idle());
  CHECK(take_all(dispatcher, at(milliseconds{10})).empty());
  CHECK(take_all(dispatcher, at(milliseconds{509})).empty());
  REQUIRE(dispatcher.add({{key(1)}, far_away()}).has_value()); // the pause does not affect other lanes
  CHECK(take_all(dispatcher, at(milliseconds{509})).size() == 1);
  work = take_all(dispatcher, at(milliseconds{510}));
  REQUIRE(work.size() == 1);
  CHECK(ids(*work[0].payload) == before);
}

TEST_CASE("first uses that fail for another reason are dropped, and can be added again") {
  connected_dispatcher dispatcher{pool_of(4)};
  REQUIRE(dispatcher.add(first_uses(0, 3)) == 0);
  const auto work = take_all(dispatcher);
  CHECK(dispatcher.finished(work.at(0).job, failure(errc::internal)).empty());
  CHECK(dispatcher.waiting_activations() == 0);
  CHECK(dispatcher.idle());
  CHECK(dispatcher.add(first_uses(0, 3)) == 0);
  CHECK(take_all(dispatcher).size() == 1); // without a pause, since the database was available
}

TEST_CASE("first uses beyond the queue are refused and counted; those under way count against the limit") {
  auto settings = pool_of(4);
  settings.activation_queue = 100;
  settings.activation_batch = 64;
  connected_dispatcher dispatcher{settings};
  CHECK(dispatcher.add(first_uses(0, 90)) == 0);
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(dispatcher.waiting_activations() == 26);
  CHECK(dispatcher.add(first_uses(200, 15)) == 5);
  CHECK(finish(dispatcher, work[0]).empty());
  CHECK(dispatcher.add(first_uses(210, 10)) == 0);
}

TEST_CASE("first uses keep waiting while the database is down, without a deadline") {
  connected_dispatcher dispatcher{pool_of(4)};
  REQUIRE(dispatcher.add(first_uses(0, 3)) == 0);
  CHECK(dispatcher.refuse_waiting("down").empty());
  CHECK(dispatcher.expire(far_away() + seconds{1}).empty());
  CHECK(dispatcher.waiting_activations() == 3);
}
