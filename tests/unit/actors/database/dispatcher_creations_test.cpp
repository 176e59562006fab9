#include "actors/interfaces/storage_job.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

storage_job_ptr other_change() {
  return job_of(storage::set_password{});
}

/// A dispatcher whose only worker for changes is busy.
struct busy_dispatcher {
  busy_dispatcher() {
    static_cast<void>(dispatcher.add(other_change()));
    under_way = take_all(dispatcher);
    REQUIRE(under_way.size() == 1);
  }

  void free_worker() { static_cast<void>(finish(dispatcher, under_way.at(0))); }

  std::vector<ticket> create(std::size_t first, std::size_t count, core::steady_time deadline = far_away()) {
    std::vector<ticket> out;
    for (std::size_t i = first; i < first + count; ++i)
      out.push_back(*dispatcher.add(creation_job(i, deadline)));
    return out;
  }

  connected_dispatcher dispatcher{pool_of(2)};
  std::vector<storage_dispatcher::dispatch> under_way;
};

core::uuid created_id(const storage_result_ptr& result) {
  return std::get<storage::created_token>(result->value()).token.id;
}

} // namespace

TEST_CASE("a creation that waits alone is dispatched unchanged") {
  busy_dispatcher f;
  const auto job = creation_job(1);
  const auto id = f.dispatcher.add(job);
  f.free_worker();
  const auto work = take_all(f.dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(work[0].payload == job);
  const auto done = finish(f.dispatcher, work[0]);
  REQUIRE(tickets(done) == std::vector<ticket>{*id});
  CHECK(created_id(done[0].result) == id_of(1));
}

TEST_CASE("waiting creations are dispatched in batches of at most 32, and each gets its own result") {
  busy_dispatcher f;
  const auto requested = f.create(0, 40);
  f.free_worker();
  std::vector<std::size_t> sizes;
  std::vector<ticket> answered;
  for (auto work = take_all(f.dispatcher); !work.empty(); work = take_all(f.dispatcher)) {
    REQUIRE(work.size() == 1);
    sizes.push_back(creations_in(*work[0].payload).size());
    for (const auto& completion : finish(f.dispatcher, work[0])) {
      answered.push_back(completion.id);
      CHECK(created_id(completion.result) == id_of(completion.id - requested.front()));
    }
  }
  CHECK(sizes == std::vector<std::size_t>{32, 8});
  CHECK(answered == requested);
  CHECK(f.dispatcher.idle());
}

TEST_CASE("a creation takes along the later creations, but does not overtake an earlier command") {
  busy_dispatcher f;
  const auto first = f.dispatcher.add(other_change());
  const auto earlier = f.create(0, 2);
  const auto second = f.dispatcher.add(other_change());
  const auto later = f.create(2, 2);
  CHECK(f.dispatcher.waiting_commands() == 6);
  f.free_worker();
  std::vector<std::vector<ticket>> order;
  for (auto work = take_all(f.dispatcher); !work.empty(); work = take_all(f.dispatcher))
    order.push_back(tickets(finish(f.dispatcher, work.at(0))));
  CHECK(order == std::vector<std::vector<ticket>>{{*first}, {earlier[0], earlier[1], later[0], later[1]}, {*second}});
}

TEST_CASE("a failed creation does not affect the others of its batch; a failure of the batch affects all") {
  busy_dispatcher f;
  const auto requested = f.create(0, 3);
  f.free_worker();
  const auto work = take_all(f.dispatcher);
  REQUIRE(work.size() == 1);
  SECTION("one creation fails") {
    storage::created_tokens created;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == 1)
        created.results.emplace_back(core::make_error(errc::conflict, "taken", {}));
      else
        created.results.emplace_back(created_by(std::get<storage::create_token>(creation_job(i)->command)));
    }
    const auto done =
      f.dispatcher.finished(work[0].job, std::make_shared<const storage_result>(storage::reply{std::move(created)}));
    REQUIRE(tickets(done) == requested);
    CHECK(created_id(done[0].result) == id_of(0));
    CHECK(code_of(done[1].result) == errc::conflict);
    CHECK(created_id(done[2].result) == id_of(2));
  }
  SECTION("the batch fails") {
    const auto done = f.dispatcher.finished(work[0].job, failure(errc::unavailable));
    REQUIRE(tickets(done) == requested);
    for (const auto& completion : done)
      CHECK(code_of(completion.result) == errc::unavailable);
  }
  SECTION("a reply of another kind, or with too few results") {
    const auto wrong = GENERATE(as<storage::reply>{}, storage::pong{}, storage::created_tokens{});
    const auto done = f.dispatcher.finished(work[0].job, std::make_shared<const storage_result>(wrong));
    REQUIRE(tickets(done) == requested);
    for (const auto& completion : done)
      CHECK(code_of(completion.result) == errc::internal);
  }
}

TEST_CASE("a creation in a batch expires at its own deadline, the others complete with the batch") {
  busy_dispatcher f;
  const auto early = f.create(0, 1, at(milliseconds{100}));
  const auto late = f.create(1, 1, at(milliseconds{500}));
  f.free_worker();
  const auto work = take_all(f.dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(work[0].payload->deadline == at(milliseconds{500}));
  const auto expired = f.dispatcher.expire(at(milliseconds{100}));
  REQUIRE(tickets(expired) == early);
  CHECK(code_of(expired[0].result) == errc::unavailable);
  CHECK(f.dispatcher.expire(at(milliseconds{101})).empty());
  CHECK(tickets(finish(f.dispatcher, work[0])) == late);
}

TEST_CASE("creations count as waiting changes, and are refused like them while the database is down") {
  auto settings = pool_of(2);
  settings.classes[index_of(work_class::change)].entries = 3;
  test_dispatcher dispatcher{settings};
  std::vector<ticket> requested;
  requested.push_back(*dispatcher.add(creation_job(1)));
  requested.push_back(*dispatcher.add(other_change()));
  requested.push_back(*dispatcher.add(creation_job(2)));
  CHECK(dispatcher.add(creation_job(3)).has_error());
  CHECK(dispatcher.add(other_change()).has_error());
  CHECK_FALSE(dispatcher.idle());
  CHECK(tickets(dispatcher.refuse_waiting("it is down")) == requested);
  CHECK(dispatcher.idle());
}
