#include "actors/interfaces/storage_job.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

struct counts {
  std::size_t lookups = 0;
  std::size_t commands = 0;
  std::size_t activations = 0;
  std::size_t probes = 0;

  friend bool operator==(const counts&, const counts&) = default;
};

counts count(const std::vector<storage_dispatcher::dispatch>& work) {
  counts out;
  for (const auto& job : work) {
    out.lookups += lookup_in(*job.payload) != nullptr ? 1U : 0U;
    out.commands += is_command(*job.payload) ? 1U : 0U;
    out.activations += activation_in(*job.payload) != nullptr ? 1U : 0U;
    out.probes += is_probe(*job.payload) ? 1U : 0U;
  }
  return out;
}

void fill_queues(test_dispatcher& dispatcher) {
  REQUIRE(dispatcher.add({keys(0, 900), far_away()}).has_value());
  for (int i = 0; i < 20; ++i)
    REQUIRE(dispatcher.add(command_job()).has_value());
  REQUIRE(dispatcher.add(first_uses(0, 800)) == 0);
}

} // namespace

TEST_CASE("look-ups take at most half of the pool") {
  connected_dispatcher dispatcher{pool_of(8)};
  REQUIRE(dispatcher.add({keys(0, 900), far_away()}).has_value());
  CHECK(count(take_all(dispatcher)).lookups == 4);
}

TEST_CASE("reads leave half of the pool to look-ups and one worker to activations") {
  connected_dispatcher dispatcher{pool_of(8)};
  for (int i = 0; i < 20; ++i)
    REQUIRE(dispatcher.add(command_job()).has_value());
  CHECK(count(take_all(dispatcher)).commands == 3);
  REQUIRE(dispatcher.add({{key(1)}, far_away()}).has_value());
  CHECK(count(take_all(dispatcher)).lookups == 1);
}

TEST_CASE("activations take one worker at a time") {
  connected_dispatcher dispatcher{pool_of(8)};
  REQUIRE(dispatcher.add(first_uses(0, 300)) == 0);
  auto work = take_all(dispatcher);
  REQUIRE(count(work) == counts{0, 0, 1, 0});
  CHECK(finish(dispatcher, work[0]).empty()); // activations have no completion
  work = take_all(dispatcher);
  CHECK(count(work) == counts{0, 0, 1, 0});
}

TEST_CASE("a pool under full load serves look-ups, reads and activations concurrently") {
  connected_dispatcher dispatcher{pool_of(8)};
  fill_queues(dispatcher);
  // Two workers are kept for revocations and other changes.
  CHECK(count(take_all(dispatcher)) == counts{3, 2, 1, 0});
}

TEST_CASE("a pool of one serves the classes by their weights, so that none starves") {
  connected_dispatcher dispatcher{pool_of(1)};
  fill_queues(dispatcher);
  counts served;
  for (int i = 0; i < 14; ++i) {
    const auto work = take_all(dispatcher);
    REQUIRE(work.size() == 1);
    const auto now = count(work);
    served = {served.lookups + now.lookups, served.commands + now.commands, served.activations + now.activations, 0};
    static_cast<void>(finish(dispatcher, work[0]));
  }
  CHECK(served == counts{8, 4, 2, 0});
}

TEST_CASE("probes do not advance the round-robin") {
  connected_dispatcher dispatcher{pool_of(1)};
  fill_queues(dispatcher);
  counts served;
  for (int i = 0; i < 28; ++i) {
    if (i % 2 == 0)
      static_cast<void>(dispatcher.add_probe(far_away()));
    const auto work = take_all(dispatcher);
    REQUIRE(work.size() == 1);
    const auto now = count(work);
    served = {served.lookups + now.lookups, served.commands + now.commands, served.activations + now.activations,
              served.probes + now.probes};
    static_cast<void>(finish(dispatcher, work[0]));
  }
  CHECK(served == counts{8, 4, 2, 14});
}

TEST_CASE("a pool of one or two serves every lane in the end") {
  const auto pool = GENERATE(as<std::size_t>{}, 1, 2);
  connected_dispatcher dispatcher{pool_of(pool)};
  fill_queues(dispatcher);
  static_cast<void>(dispatcher.add_probe(far_away()));
  counts served;
  for (auto work = take_all(dispatcher); !work.empty(); work = take_all(dispatcher)) {
    REQUIRE(work.size() <= pool);
    const auto now = count(work);
    served = {served.lookups + now.lookups, served.commands + now.commands, served.activations + now.activations,
              served.probes + now.probes};
    for (const auto& job : work)
      static_cast<void>(finish(dispatcher, job));
  }
  CHECK(served == counts{15, 20, 4, 1});
  CHECK(dispatcher.idle());
}

TEST_CASE("a probe is dispatched before all waiting requests") {
  connected_dispatcher dispatcher{pool_of(1)};
  fill_queues(dispatcher);
  const auto id = dispatcher.add_probe(far_away());
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(is_probe(*work[0].payload));
  const auto done = finish(dispatcher, work[0]);
  REQUIRE(tickets(done) == std::vector<ticket>{id});
  CHECK(code_of(done[0].result) == errc::none);
}

TEST_CASE("commands are dispatched in the order of arrival, each with its own result") {
  connected_dispatcher dispatcher{pool_of(2)}; // one command at a time
  std::vector<ticket> requested;
  std::vector<storage_job_ptr> jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(command_job());
    requested.push_back(*dispatcher.add(jobs.back()));
  }
  for (std::size_t i = 0; i < requested.size(); ++i) {
    const auto work = take_all(dispatcher);
    REQUIRE(work.size() == 1);
    CHECK(work[0].payload == jobs[i]);
    const auto result = i == 1 ? failure(errc::conflict) : answer_to(jobs[i]->command);
    const auto done = dispatcher.finished(work[0].job, result);
    REQUIRE(tickets(done) == std::vector<ticket>{requested[i]});
    CHECK(done[0].result == result);
  }
}

TEST_CASE("a job that a worker did not start, because its deadline had passed, is answered unavailable") {
  connected_dispatcher dispatcher{pool_of(4)};
  const auto command = dispatcher.add(command_job());
  const auto lookup = dispatcher.add({{key(1)}, far_away()});
  for (const auto& work : take_all(dispatcher)) {
    const auto done = dispatcher.finished(work.job, failure(errc::expired));
    REQUIRE(tickets(done) == std::vector<ticket>{lookup_in(*work.payload) != nullptr ? *lookup : *command});
    CHECK(code_of(done[0].result) == errc::unavailable);
  }
  CHECK(dispatcher.idle());
}

TEST_CASE("a command beyond the queue is refused as overloaded") {
  auto settings = pool_of(2);
  settings.classes[index_of(work_class::read)].entries = 3;
  test_dispatcher dispatcher{settings};
  for (int i = 0; i < 3; ++i)
    REQUIRE(dispatcher.add(command_job()).has_value());
  const auto refused = dispatcher.add(command_job());
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::overloaded);
  CHECK(dispatcher.waiting_commands() == 3);
}

TEST_CASE("workers that are busy or not connected get no job") {
  test_dispatcher dispatcher{pool_of(4)};
  for (int i = 0; i < 5; ++i)
    REQUIRE(dispatcher.add(command_job()).has_value());
  CHECK(take_all(dispatcher).empty());
  dispatcher.connected(2, true);
  dispatcher.connected(17, true); // there is no such worker
  CHECK(dispatcher.connected_workers() == 1);
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(work[0].worker == 2);
  dispatcher.connected(2, false);
  CHECK(dispatcher.connected_workers() == 0);
  static_cast<void>(finish(dispatcher, work[0]));
  CHECK(take_all(dispatcher).empty());
}

TEST_CASE("the job of a lost worker is answered unavailable, and a late result is ignored") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto id = dispatcher.add(command_job());
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);

  const auto lost = dispatcher.lost(work[0].worker);
  REQUIRE(tickets(lost) == std::vector<ticket>{*id});
  CHECK(code_of(lost[0].result) == errc::unavailable);
  CHECK(dispatcher.connected_workers() == 1);
  CHECK(finish(dispatcher, work[0]).empty());
  CHECK(dispatcher.lost(work[0].worker).empty());
  CHECK(dispatcher.lost(17).empty()); // there is no such worker

  // Its successor has the same index and a job of its own, which a late result of the lost worker must not finish.
  dispatcher.connected(work[0].worker, true);
  const auto second = dispatcher.add(command_job());
  const auto next = take_all(dispatcher);
  REQUIRE(next.size() == 1);
  CHECK(next[0].worker == work[0].worker);
  CHECK(finish(dispatcher, work[0]).empty());
  CHECK_FALSE(dispatcher.idle());
  CHECK(tickets(finish(dispatcher, next[0])) == std::vector<ticket>{*second});
}

TEST_CASE("commands and probes expire as unavailable, and a late result is ignored") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto running = dispatcher.add(command_job(at(milliseconds{100})));
  const auto waiting = dispatcher.add(command_job(at(milliseconds{100})));
  const auto patient = dispatcher.add(command_job(at(milliseconds{300})));
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  const auto probe = dispatcher.add_probe(at(milliseconds{200}));

  CHECK(dispatcher.expire(at(milliseconds{99})).empty());
  const auto late = dispatcher.expire(at(milliseconds{100}));
  CHECK(tickets(late) == std::vector<ticket>{*running, *waiting});
  CHECK(std::all_of(late.begin(), late.end(), [](const auto& c) { return code_of(c.result) == errc::unavailable; }));
  CHECK(tickets(dispatcher.expire(at(milliseconds{200}))) == std::vector<ticket>{probe});
  CHECK(dispatcher.expire(at(milliseconds{201})).empty());

  CHECK(finish(dispatcher, work[0]).empty());
  const auto next = take_all(dispatcher); // the late result has freed the worker
  REQUIRE(next.size() == 1);
  CHECK(tickets(finish(dispatcher, next[0])) == std::vector<ticket>{*patient});
}

TEST_CASE("a worker stays busy with an expired request until it returns a result") {
  connected_dispatcher dispatcher{pool_of(1)};
  REQUIRE(dispatcher.add(command_job(at(milliseconds{100}))).has_value());
  const auto work = take_all(dispatcher);
  static_cast<void>(dispatcher.expire(at(milliseconds{100})));
  REQUIRE(dispatcher.add(command_job()).has_value());
  CHECK(take_all(dispatcher).empty());
  CHECK(dispatcher.lost(0).empty()); // it was answered already
}

TEST_CASE("while the database is down waiting commands are refused, but not those under way, and not the probes") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto running = dispatcher.add(command_job());
  const auto waiting = dispatcher.add(command_job());
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  const auto probe = dispatcher.add_probe(far_away());
  const auto refused = dispatcher.refuse_waiting("it is down");
  REQUIRE(tickets(refused) == std::vector<ticket>{*waiting});
  CHECK(code_of(refused[0].result) == errc::unavailable);
  CHECK(dispatcher.refuse_waiting("it is down").empty());
  CHECK(tickets(finish(dispatcher, work[0])) == std::vector<ticket>{*running});
  const auto next = take_all(dispatcher);
  REQUIRE(next.size() == 1);
  CHECK(tickets(finish(dispatcher, next[0])) == std::vector<ticket>{probe});
}

TEST_CASE("a dispatcher is idle when nothing waits and only a probe is under way") {
  connected_dispatcher dispatcher{pool_of(1)};
  CHECK(dispatcher.idle());
  static_cast<void>(dispatcher.add_probe(far_away()));
  CHECK(dispatcher.idle());
  const auto probe = take_all(dispatcher);
  CHECK(dispatcher.idle());
  static_cast<void>(finish(dispatcher, probe.at(0)));

  SECTION("a look-up") {
    REQUIRE(dispatcher.add({{key(1)}, far_away()}).has_value());
  }
  SECTION("a command") {
    REQUIRE(dispatcher.add(command_job()).has_value());
  }
  SECTION("an activation") {
    REQUIRE(dispatcher.add(first_uses(1, 1)) == 0);
  }
  CHECK_FALSE(dispatcher.idle());
  const auto work = take_all(dispatcher);
  CHECK_FALSE(dispatcher.idle());
  static_cast<void>(finish(dispatcher, work.at(0)));
  CHECK(dispatcher.idle());
}

TEST_CASE("the reads of the revocation follower are dispatched before other requests, and use two workers at most") {
  connected_dispatcher dispatcher{pool_of(8)};
  fill_queues(dispatcher);
  const auto follow_read = [](core::steady_time deadline) {
    return std::make_shared<const storage_job>(storage_job{storage::find_revocations{}, deadline});
  };
  for (int i = 0; i < 3; ++i)
    REQUIRE(dispatcher.add(follow_read(at(seconds{1}))).has_value());
  auto work = take_all(dispatcher);
  REQUIRE(work.size() == 6); // two workers are kept for changes
  const auto is_follow_read = [](const storage_dispatcher::dispatch& job) {
    return std::holds_alternative<storage::find_revocations>(job.payload->command);
  };
  CHECK(is_follow_read(work[0]));
  CHECK(is_follow_read(work[1]));
  CHECK(std::count_if(work.begin(), work.end(), is_follow_read) == 2);
  CHECK(dispatcher.expire(at(seconds{2})).size() == 3); // the two workers are still busy
  REQUIRE(dispatcher.add(follow_read(far_away())).has_value());
  CHECK(finish(dispatcher, work[0]).empty());
  const auto next = take_all(dispatcher);
  REQUIRE(next.size() == 1);
  CHECK(is_follow_read(next[0]));
}
