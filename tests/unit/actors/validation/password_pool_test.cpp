#include "actors/interfaces/validation.hpp"
#include "actors/validation/password_pool.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

struct fake_hasher_state {
  static inline const char* name = "fake-hasher";
  std::vector<caf::typed_response_promise<password_result_ptr>> held;
};

using fake_hasher_actor = caf::typed_actor<caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>,
                                           caf::replies_to<list_atom>::with<std::size_t>, caf::reacts_to<tick_atom>>;

/// A password worker that holds its jobs: a tick completes the oldest one, `list` is answered with their number.
fake_hasher_actor::behavior_type fake_hasher(fake_hasher_actor::stateful_pointer<fake_hasher_state> self) {
  harden(self);
  return {
    [=](password_atom, const password_job_ptr&) -> caf::result<password_result_ptr> {
      self->state.held.push_back(self->make_response_promise<password_result_ptr>());
      return self->state.held.back();
    },
    [=](list_atom) { return self->state.held.size(); },
    [=](tick_atom) {
      auto promise = self->state.held.front();
      self->state.held.erase(self->state.held.begin());
      password_verdict verdict;
      verdict.right = true;
      promise.deliver(std::make_shared<const password_result>(verdict));
    },
  };
}

struct pool_fixture {
  pool_fixture() {
    password_pool_settings settings;
    settings.limits.returning = 2;
    pool = system.spawn(password_pool, settings);
    worker = system.spawn(fake_hasher);
    system.tell(pool, peer_v, std::size_t{0}, password_worker_peer{worker});
  }

  std::shared_ptr<answer<password_result_ptr>> ask(milliseconds patience = seconds{5}) {
    password_job job;
    job.of = password_class::returning;
    job.password = core::secret("password");
    job.deadline = system.now() + patience;
    return system.ask<password_result_ptr>(pool, password_v, std::make_shared<const password_job>(job));
  }

  void finish_one() { system.tell(worker, tick_v); }

  std::size_t held() { return system.ask<std::size_t>(worker, list_v)->value.value(); }

  virtual_system system;
  password_pool_actor pool;
  fake_hasher_actor worker;
};

errc refusal_of(const std::shared_ptr<answer<password_result_ptr>>& given) {
  REQUIRE(given->value.has_value());
  return (*given->value)->has_error() ? (*given->value)->error().code : errc::none;
}

} // namespace

TEST_CASE("a worker has one job at a time, the others wait in the queue") {
  pool_fixture f;
  const auto first = f.ask();
  const auto second = f.ask();
  CHECK(f.held() == 1);
  f.finish_one();
  CHECK(refusal_of(first) == errc::none);
  CHECK_FALSE(second->there());
  CHECK(f.held() == 1);
  f.finish_one();
  CHECK(refusal_of(second) == errc::none);
}

TEST_CASE("a job beyond the queue is answered overloaded at once") {
  pool_fixture f;
  const auto running = f.ask();
  const auto waiting = std::vector{f.ask(), f.ask()};
  CHECK(refusal_of(f.ask()) == errc::overloaded);
  CHECK_FALSE(running->there());
}

TEST_CASE("a job that waits past its deadline is answered unavailable and never started") {
  pool_fixture f;
  const auto running = f.ask(seconds{60});
  const auto late = f.ask(seconds{1});
  f.system.pass(milliseconds{1200});
  CHECK(refusal_of(late) == errc::unavailable);
  f.finish_one();
  CHECK(f.held() == 0);
}

TEST_CASE("the job of a worker that died is answered unavailable, and its successor continues with the queue") {
  pool_fixture f;
  const auto running = f.ask();
  const auto waiting = f.ask();
  f.system.kill(f.worker);
  f.worker = f.system.spawn(fake_hasher);
  f.system.tell(f.pool, peer_v, std::size_t{0}, password_worker_peer{f.worker});
  CHECK(refusal_of(running) == errc::unavailable);
  REQUIRE(f.held() == 1);
  f.finish_one();
  CHECK(refusal_of(waiting) == errc::none);
}
