#include "actors/validation/password_pool.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/credentials/password_hash.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
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

// Answers a worker's job, unless it was answered before.
void finish(password_pool_self self, std::size_t index, std::uint64_t number, password_result_ptr result) {
  auto& job = self->state.workers[index].job;
  if (!job || job->number != number)
    return;
  auto promise = std::move(job->promise);
  job.reset();
  promise.deliver(std::move(result));
  pump(self);
}

void start(password_pool_self self, std::size_t index, password_pool_state::waiting next) {
  auto& state = self->state;
  const auto number = ++state.last_job;
  state.workers[index].job.emplace(password_pool_state::running{number, std::move(next.promise)});
  const auto now = self->clock().now();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next.job->deadline - now);
  request_within(self, state.workers[index].handle, left + state.settings.patience, password_v, next.job)
    .then([self, index, number](const password_result_ptr& result) { finish(self, index, number, result); },
          [self, index, number](const caf::error& problem) {
            finish(self, index, number, unavailable("password worker: " + describe_reason(problem)));
          });
}

// Answers the jobs whose deadline has passed, and gives the next ones to the idle workers.
void pump(password_pool_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  while (!state.queue.empty() && state.queue.front().job->deadline <= now) {
    state.queue.front().promise.deliver(unavailable("no password worker was free in time"));
    state.queue.pop_front();
  }
  for (std::size_t i = 0; i < state.workers.size() && !state.queue.empty(); ++i) {
    if (!state.workers[i].handle || state.workers[i].job)
      continue;
    auto next = std::move(state.queue.front());
    state.queue.pop_front();
    start(self, i, std::move(next));
  }
}

void measure(password_pool_self self) {
  const auto& state = self->state;
  if (!state.settings.metrics)
    return;
  auto& gauges = *state.settings.metrics;
  gauges.waiting.set(state.queue.size());
  gauges.busy.set(static_cast<std::uint64_t>(
    std::count_if(state.workers.begin(), state.workers.end(), [](const auto& w) { return w.job.has_value(); })));
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

password_pool_state::~password_pool_state() {
  for (auto& w : workers) {
    if (w.job)
      w.job->promise.deliver(unavailable("the password pool ended"));
  }
  for (auto& queued : queue)
    queued.promise.deliver(unavailable("the password pool ended"));
}

password_pool_actor::behavior_type password_pool(password_pool_self self, password_pool_settings settings) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.workers.resize(settings.workers);
  state.settings = std::move(settings);
  return {
    [self](password_atom, const password_job_ptr& job) -> caf::result<password_result_ptr> {
      auto& s = self->state;
      if (s.queue.size() >= s.settings.queue_length)
        return failed(core::errc::overloaded, "Too many passwords are being checked", "the password queue is full");
      auto promise = self->make_response_promise<password_result_ptr>();
      s.queue.push_back({job, promise});
      pump(self);
      return promise;
    },
    [self](peer_atom, std::size_t index, const password_worker_peer& peer) {
      if (index >= self->state.workers.size())
        return;
      auto& worker = self->state.workers[index];
      worker.handle = peer.handle;
      // The predecessor died with this job. Its request would fail only after the time-out.
      if (worker.job)
        finish(self, index, worker.job->number, unavailable("the password worker died"));
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
