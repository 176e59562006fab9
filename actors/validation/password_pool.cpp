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

// Refused for want of capacity. It counts as a failed attempt, since for a username that exists the password was wrong.
password_result_ptr refused() {
  password_verdict verdict;
  verdict.refused = true;
  return std::make_shared<const password_result>(std::move(verdict));
}

bool is_wrong(const password_job& job, const password_result& result) {
  return job.phc && result.has_value() && !result->right;
}

void pump(password_pool_self self);

// Frees the worker of a job and answers the job, unless that has happened before, or it is too early to tell.
void finish(password_pool_self self, std::uint64_t number, password_result_ptr result) {
  auto& state = self->state;
  state.slots.finish(number);
  auto* job = state.jobs.find(number);
  if (job == nullptr)
    return;
  const bool wrong = is_wrong(**job, *result);
  if (state.queue.finished(number, wrong, self->clock().now()) == password_queue::release::now)
    state.jobs.answer(number, std::move(result));
  else
    state.withheld.emplace(number, std::move(result));
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

void tell(password_pool_self self, const password_queue::due_job& due, const char* why) {
  auto& state = self->state;
  auto held = state.withheld.extract(due.job);
  if (due.refused)
    state.jobs.answer(due.job, refused());
  else
    state.jobs.answer(due.job, held.empty() ? unavailable(why) : std::move(held.mapped()));
}

// Answers what is due or late, and gives the next jobs to the idle workers.
void pump(password_pool_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  for (const auto& late : state.queue.take_expired(now))
    tell(self, late, "no password worker was free in time");
  for (auto worker = state.slots.idle(); worker; worker = state.slots.idle()) {
    const auto number = state.queue.next(now);
    if (!number)
      break;
    start(self, *worker, *number, *state.jobs.find(*number));
  }
  for (const auto& due : state.queue.take_due(now))
    tell(self, due, "the outcome was lost");
  if (const auto next = state.queue.next_due(); next && (!state.wake_up || *next < *state.wake_up)) {
    state.wake_up = *next;
    self->delayed_send(self, std::chrono::ceil<std::chrono::milliseconds>(*next - now), watch_v);
  }
}

void measure(password_pool_self self) {
  const auto& state = self->state;
  if (!state.settings.metrics)
    return;
  auto& gauges = *state.settings.metrics;
  gauges.waiting.set(state.queue.waiting());
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
  auto limits = settings.limits;
  limits.workers = settings.workers;
  state.queue = password_queue(limits);
  state.settings = std::move(settings);
  return {
    [self](password_atom, const password_job_ptr& job) -> caf::result<password_result_ptr> {
      auto& s = self->state;
      const auto number = ++s.last_job;
      if (!s.queue.add(number, job->of, self->clock().now(), job->deadline))
        return failed(core::errc::overloaded, "Too many passwords are being checked", "the password queue is full");
      const auto promise = s.jobs.add(number, self->make_response_promise<password_result_ptr>(), job);
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
    [self](watch_atom) {
      self->state.wake_up.reset();
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
