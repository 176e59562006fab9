#include "actors/password_pool.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

/// Holds every job until the test lets it go on.
struct fake_hasher_script {
  std::vector<caf::typed_response_promise<password_result_ptr>> held;
};

password_worker_actor::behavior_type fake_hasher(password_worker_actor::pointer self,
                                                 std::shared_ptr<fake_hasher_script> script) {
  harden(self);
  return {
    [=](password_atom, const password_job_ptr&) -> caf::result<password_result_ptr> {
      script->held.push_back(self->make_response_promise<password_result_ptr>());
      return script->held.back();
    },
  };
}

struct pool_fixture {
  pool_fixture() {
    password_pool_settings settings;
    settings.queue_length = 2;
    pool = system.spawn(password_pool, settings);
    worker = system.spawn(fake_hasher, script);
    system.tell(pool, peer_v, std::size_t{0}, password_worker_peer{worker});
  }

  std::shared_ptr<answer<password_result_ptr>> ask(milliseconds patience = seconds{5}) {
    password_job job;
    job.password = core::secret("password");
    job.deadline = system.now() + patience;
    return system.ask<password_result_ptr>(pool, password_v, std::make_shared<const password_job>(job));
  }

  void finish_one() {
    auto promise = script->held.front();
    script->held.erase(script->held.begin());
    password_verdict verdict;
    verdict.right = true;
    promise.deliver(std::make_shared<const password_result>(verdict));
    system.run();
  }

  virtual_system system;
  std::shared_ptr<fake_hasher_script> script = std::make_shared<fake_hasher_script>();
  password_pool_actor pool;
  password_worker_actor worker;
};

errc code_of(const std::shared_ptr<answer<password_result_ptr>>& given) {
  REQUIRE(given->value.has_value());
  return (*given->value)->has_error() ? (*given->value)->error().code : errc::none;
}

} // namespace

TEST_CASE("a worker has one job at a time, the others wait their turn") {
  pool_fixture f;
  const auto first = f.ask();
  const auto second = f.ask();
  CHECK(f.script->held.size() == 1);
  f.finish_one();
  CHECK(code_of(first) == errc::none);
  CHECK_FALSE(second->there());
  CHECK(f.script->held.size() == 1);
  f.finish_one();
  CHECK(code_of(second) == errc::none);
}

TEST_CASE("beyond the queue the answer is overloaded at once") {
  pool_fixture f;
  const auto running = f.ask();
  const auto waiting = std::vector{f.ask(), f.ask()};
  CHECK(code_of(f.ask()) == errc::overloaded);
  CHECK_FALSE(running->there());
}

TEST_CASE("what waits past its deadline is answered unavailable and never worked on") {
  pool_fixture f;
  const auto running = f.ask(seconds{60});
  const auto late = f.ask(seconds{1});
  f.system.pass(milliseconds{1200});
  CHECK(code_of(late) == errc::unavailable);
  f.finish_one();
  CHECK(f.script->held.empty());
}

TEST_CASE("the job of a worker that died is answered, and the next worker goes on with the queue") {
  pool_fixture f;
  const auto running = f.ask();
  const auto waiting = f.ask();
  f.script->held.clear();
  f.system.kill(f.worker);
  f.worker = f.system.spawn(fake_hasher, f.script);
  f.system.tell(f.pool, peer_v, std::size_t{0}, password_worker_peer{f.worker});
  CHECK(code_of(running) == errc::unavailable);
  REQUIRE(f.script->held.size() == 1);
  f.finish_one();
  CHECK(code_of(waiting) == errc::none);
}
