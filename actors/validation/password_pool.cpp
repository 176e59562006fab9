#include "actors/validation/password_pool.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/credentials/password_hash.hpp"
#include "core/observability/logging.hpp"

#include <new>
#include <sys/resource.h>
#include <utility>

namespace cm::actors {

namespace {

using password_pool_self = password_pool_actor::stateful_pointer<password_pool_state>;

// Niceness of the workers' threads. It halves their scheduling weight: enough to favour the other threads of the
// process, and logins still progress while other processes use all cores (docs/performance.md, "Password workers").
constexpr int worker_niceness = 3;

password_result_ptr failed(core::errc code, const char* message, std::string detail) {
  return std::make_shared<const password_result>(core::make_error(code, message, std::move(detail)));
}

password_result_ptr unavailable(std::string detail) {
  return failed(core::errc::unavailable, "Service Unavailable", std::move(detail));
}

void pump(password_pool_self self);

// Answers a job and frees its worker, unless that has happened before.
void finish(password_pool_self self, std::uint64_t number, password_result_ptr result) {
  auto& state = self->state;
  state.slots.finish(number);
  if (state.jobs.answer(number, std::move(result)))
    pump(self);
}

void start(password_pool_self self, std::size_t worker, std::uint64_t number, const password_job_ptr& job) {
  auto& state = self->state;
  state.slots.assign(worker, number);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(job->deadline - self->clock().now());
  request_within(self, state.workers[worker], left + state.settings.patience, password_v, job)
    .then([self, number](const password_result_ptr& result) { finish(self, number, result); },
          [self, number](const caf::error& problem) {
            finish(self, number, unavailable("password worker: " + describe_reason(problem)));
          });
}

// Answers the jobs whose deadline has passed, and gives the next ones to the idle workers.
void pump(password_pool_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  while (!state.queue.empty()) {
    const auto number = state.queue.front();
    const auto job = *state.jobs.find(number);
    const auto worker = state.slots.idle();
    if (job->deadline > now && !worker)
      return;
    state.queue.pop_front();
    if (job->deadline > now)
      start(self, *worker, number, job);
    else
      state.jobs.answer(number, unavailable("no password worker was free in time"));
  }
}

void measure(password_pool_self self) {
  const auto& state = self->state;
  if (!state.settings.metrics)
    return;
  auto& gauges = *state.settings.metrics;
  gauges.waiting.set(state.queue.size());
  gauges.busy.set(state.slots.busy());
}

core::expected<password_verdict> hash_or_compare(const password_job& job) {
  password_verdict verdict;
  if (!job.phc) {
    auto hashed = core::hash_password(job.password);
    if (hashed.has_error())
      return hashed.error();
    verdict.phc = std::move(*hashed);
    return verdict;
  }
  // An unknown user costs the same work as a known one, so that the time does not tell them apart.
  const bool decoy = job.phc->empty();
  verdict.right = core::verify_password(decoy ? core::decoy_hash() : *job.phc, job.password) && !decoy;
  if (!verdict.right || !core::needs_rehash(*job.phc))
    return verdict;
  // The login succeeds even if the rehash fails.
  if (auto rehashed = core::hash_password(job.password); rehashed.has_value())
    verdict.phc = std::move(*rehashed);
  else
    core::logger("cm.credentials")->warn("a password cannot be rehashed: {}", rehashed.error().message);
  return verdict;
}

core::expected<password_verdict> work(const password_job& job) {
  try {
    return hash_or_compare(job);
  } catch (const std::bad_alloc&) {
    return core::make_error(core::errc::unavailable, "Service Unavailable", "no memory to check a password");
  }
}

} // namespace

password_pool_state::password_pool_state() : jobs(unavailable("the password pool ended")) {}

password_pool_actor::behavior_type password_pool(password_pool_self self, password_pool_settings settings) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.workers.resize(settings.workers);
  state.slots = worker_slots(settings.workers);
  state.settings = std::move(settings);
  return {
    [self](password_atom, const password_job_ptr& job) -> caf::result<password_result_ptr> {
      auto& s = self->state;
      if (s.queue.size() >= s.settings.queue_length)
        return failed(core::errc::overloaded, "Too many passwords are being checked", "the password queue is full");
      const auto number = ++s.last_job;
      const auto promise = s.jobs.add(number, self->make_response_promise<password_result_ptr>(), job);
      s.queue.push_back(number);
      pump(self);
      return promise;
    },
    [self](peer_atom, std::size_t index, const password_worker_peer& peer) {
      auto& s = self->state;
      if (index >= s.workers.size())
        return;
      // The predecessor died with its job. The request for it would fail only after the time-out.
      const auto died_with = s.slots.lost(index);
      s.workers[index] = peer.handle;
      s.slots.connected(index, true);
      if (died_with)
        finish(self, *died_with, unavailable("the password worker died"));
      pump(self);
    },
    every(self, period, first_run::after_a_period, tick_v,
          [self] {
            pump(self);
            measure(self);
          }),
  };
}

password_worker_actor::behavior_type
password_worker(password_worker_actor::stateful_pointer<password_worker_state> self) {
  harden(self);
  // On Linux this affects the calling thread only. A failure is harmless: the thread then keeps the default priority.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, worker_niceness));
  static_cast<void>(
    core::decoy_hash()); // computed here, or the first check for an unknown user would take twice as long
  return {
    [](password_atom, const password_job_ptr& job) {
      if (std::chrono::steady_clock::now() >= job->deadline)
        return unavailable("the check of a password came too late");
      return password_result_ptr{std::make_shared<const password_result>(work(*job))};
    },
  };
}

} // namespace cm::actors
