#include "actors/database/storage_dispatcher.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

storage_result_ptr too_late() {
  return failed_result(core::errc::unavailable, "Service Unavailable", "the database did not answer in time");
}

// A worker does not start a job whose deadline has passed. To the requester that means that the database did not answer
// in time.
storage_result_ptr expired_to_unavailable(const storage_result_ptr& result) {
  return result->has_error() && result->error().code == core::errc::expired ? too_late() : result;
}

core::error overloaded(std::string_view queue) {
  return core::make_error(core::errc::overloaded, "Service Unavailable",
                          "the queue of " + std::string(queue) + " is full");
}

std::array<class_queue, work_class_count> make_queues(const std::array<class_limits, work_class_count>& limits) {
  return {class_queue{limits[0]}, class_queue{limits[1]}, class_queue{limits[2]},
          class_queue{limits[3]}, class_queue{limits[4]}, class_queue{limits[5]}};
}

// The short reads of the revocation follower. They bound how old an answer from memory may be (contract 4.4), so they
// have priority over other requests. The follower has one of them in progress at a time, and abandons one that takes
// too long.
bool follows_revocations(const storage::command& command) noexcept {
  return std::holds_alternative<storage::find_revocations>(command)
         || std::holds_alternative<storage::get_revocations>(command);
}

} // namespace

storage_dispatcher::storage_dispatcher(dispatcher_settings settings)
  : settings_(std::move(settings)), workers_(settings_.workers), shares_(settings_.workers),
    queues_(make_queues(settings_.classes)), activations_(settings_.activation_queue) {}

// -- requests ---------------------------------------------------------------------------------------------------------

core::expected<ticket> storage_dispatcher::add(const token_lookup& lookup, core::steady_time now) {
  if (lookup.deadline <= now)
    return too_late()->error();
  if (lookups_.size() + lookup.hashes.size() > settings_.lookup_queue) {
    count_refusal(work_class::authentication);
    return overloaded("look-ups");
  }
  const auto id = ++last_ticket_;
  lookups_.add(id, lookup, now);
  return id;
}

core::expected<ticket> storage_dispatcher::add(storage_job_ptr job, core::steady_time now) {
  if (job->deadline <= now)
    return too_late()->error();
  const auto id = ++last_ticket_;
  if (follows_revocations(job->command)) {
    follow_reads_.push_back({id, std::move(job), now});
    return id;
  }
  const auto which = class_of(job->command);
  if (queue_of(which).add({id, std::move(job), now}))
    return id;
  count_refusal(which);
  return overloaded(to_string(which));
}

std::size_t storage_dispatcher::add(const std::vector<storage::activation>& activations) {
  return static_cast<std::size_t>(
    std::count_if(activations.begin(), activations.end(), [this](const auto& use) { return !activations_.add(use); }));
}

ticket storage_dispatcher::add_probe(core::steady_time deadline) {
  const auto id = ++last_ticket_;
  probes_.push_back({id, std::make_shared<storage_job>(storage_job{storage::ping{}, deadline}), {}});
  return id;
}

void storage_dispatcher::count_wait(work_class which, core::steady_time since, core::steady_time now) noexcept {
  if (settings_.metrics)
    settings_.metrics->classes[index_of(which)].wait.observe(now - since, 1);
}

void storage_dispatcher::count_refusal(work_class which) noexcept {
  if (settings_.metrics)
    settings_.metrics->classes[index_of(which)].refused.add(1);
}

// -- workers ----------------------------------------------------------------------------------------------------------

void storage_dispatcher::connected(std::size_t worker, bool yes) {
  workers_.connected(worker, yes);
  shares_.resize(workers_.connected());
}

std::size_t storage_dispatcher::running(lane kind) const noexcept {
  return static_cast<std::size_t>(
    std::count_if(running_.begin(), running_.end(), [kind](const auto& entry) { return entry.second.kind == kind; }));
}

// Few connections with full batches have a higher throughput than many with small batches. So beyond the first jobs
// only full batches are started. Jobs for which the database takes long do not count, so that they do not block others.
bool storage_dispatcher::may_look_up(core::steady_time now) const noexcept {
  if (lookups_.empty() || running(lane::tokens) >= shares_.max_token_lookups())
    return false;
  const auto quick = static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
    return entry.second.kind == lane::tokens && now - entry.second.since < settings_.slow_lookup;
  }));
  return quick < settings_.eager_lookups
         || (quick < settings_.max_lookups && lookups_.size() >= settings_.lookup_batch);
}

std::size_t storage_dispatcher::running_client_lookups() const noexcept {
  return shares_.running(work_class::authentication) - running(lane::tokens);
}

bool storage_dispatcher::looks_clients_up() const noexcept {
  return !queue_of(work_class::authentication).empty() || running_client_lookups() > 0;
}

bool storage_dispatcher::may_look_clients_up() const noexcept {
  return !queue_of(work_class::authentication).empty() && running_client_lookups() < shares_.max_client_lookups();
}

bool storage_dispatcher::may_activate(core::steady_time now) const noexcept {
  return !activations_.empty() && running(lane::activation) < 1 && now >= activations_rest_until_;
}

worker_shares::class_set storage_dispatcher::ready_classes(core::steady_time now) const noexcept {
  worker_shares::class_set out{};
  for (const auto which : work_classes)
    out[index_of(which)] = !queue_of(which).empty();
  out[index_of(work_class::authentication)] = may_look_up(now) || may_look_clients_up();
  out[index_of(work_class::maintenance)] = out[index_of(work_class::maintenance)] || may_activate(now);
  return out;
}

// What the chosen class does next. @pre it is ready
storage_dispatcher::lane storage_dispatcher::lane_of(work_class which, core::steady_time now) noexcept {
  if (which == work_class::authentication) {
    const bool clients = may_look_clients_up() && (clients_next_ || !may_look_up(now));
    clients_next_ = !clients;
    return clients ? lane::command : lane::tokens;
  }
  if (which == work_class::maintenance) {
    const bool activation = may_activate(now) && (activations_next_ || queue_of(which).empty());
    activations_next_ = !activation;
    return activation ? lane::activation : lane::command;
  }
  return lane::command;
}

storage_job_ptr storage_dispatcher::take_commands(running_job& running, core::steady_time now) {
  const auto which = *running.of;
  const std::array<std::size_t, batch_kind_count> most{1, settings_.creation_batch, settings_.client_batch,
                                                       settings_.client_batch};
  std::vector<waiting_command> late;
  const auto taken = queue_of(which).take(most, now, late);
  for (const auto& command : late)
    late_.push_back({command.id, too_late()});
  if (taken.empty())
    return nullptr;
  std::vector<storage_job_ptr> jobs;
  core::steady_time deadline{};
  for (const auto& command : taken) {
    running.commands.push_back({command.id, command.job->deadline, parts_of(command.job->command)});
    deadline = std::max(deadline, command.job->deadline);
    count_wait(which, command.since, now);
    jobs.push_back(command.job);
  }
  running.batch = batch_kind_of(jobs.front()->command);
  if (jobs.size() == 1)
    return jobs.front();
  return std::make_shared<storage_job>(storage_job{join(jobs), deadline});
}

storage_job_ptr storage_dispatcher::take_lookup(running_job& running, core::steady_time now) {
  storage::find_tokens command;
  core::steady_time deadline{};
  running.keys = lookups_.take(settings_.lookup_batch, now);
  if (running.keys.empty())
    return nullptr;
  command.hashes.reserve(running.keys.size());
  for (const auto& key : running.keys) {
    command.hashes.push_back(key.hash);
    deadline = std::max(deadline, key.deadline);
  }
  count_wait(work_class::authentication, running.keys.front().since, now); // of the batch: that of its oldest key
  return std::make_shared<storage_job>(storage_job{std::move(command), deadline});
}

storage_job_ptr storage_dispatcher::take_activations(running_job& running, core::steady_time now) {
  running.activations = activations_.take(settings_.activation_batch);
  // No requester waits for it, so only the time-outs of the connection bound it.
  return std::make_shared<storage_job>(storage_job{
    storage::activate_tokens{running.activations, core::now_ms(), settings_.replica}, now + std::chrono::seconds{30}});
}

storage_job_ptr storage_dispatcher::take(running_job& running, core::steady_time now) {
  switch (running.kind) {
  case lane::probe:
  case lane::follow: {
    auto& queue = running.kind == lane::probe ? probes_ : follow_reads_;
    const auto front = std::move(queue.front());
    queue.pop_front();
    running.commands.push_back({front.id, front.job->deadline});
    return front.job;
  }
  case lane::command:
    return take_commands(running, now);
  case lane::tokens:
    return take_lookup(running, now);
  case lane::activation:
    break;
  }
  return take_activations(running, now);
}

// Probes come first, then follow reads, then the classes. A follow read that was abandoned occupies its worker until
// the database answers or the socket times out; the limit keeps the other workers free.
std::optional<storage_dispatcher::running_job> storage_dispatcher::choose(core::steady_time now) {
  constexpr std::size_t max_follow_reads = 2;
  running_job out;
  out.since = now;
  if (!probes_.empty())
    return out;
  if (!follow_reads_.empty() && running(lane::follow) < max_follow_reads) {
    out.kind = lane::follow;
    return out;
  }
  out.of = shares_.choose(ready_classes(now), workers_.connected_idle());
  if (!out.of)
    return std::nullopt;
  out.kind = lane_of(*out.of, now);
  return out;
}

std::optional<storage_dispatcher::dispatch> storage_dispatcher::next(core::steady_time now) {
  auto worker = workers_.idle();
  if (!worker)
    return std::nullopt;
  if (std::exchange(activation_failed_, false))
    activations_rest_until_ = now + settings_.activation_rest;
  while (auto running = choose(now)) {
    auto payload = take(*running, now);
    if (!payload)
      continue; // all of it was too late
    if (running->kind == lane::probe)
      worker = workers_.stalest();
    const auto job = ++last_job_;
    workers_.assign(*worker, job);
    if (running->of)
      shares_.begin(*running->of);
    running_.emplace(job, *std::move(running));
    return dispatch{*worker, job, std::move(payload)};
  }
  return std::nullopt;
}

// A single command gets the job's result as it is, one of a batch its own part.
void storage_dispatcher::complete_commands(const running_job& job, const storage_result_ptr& result,
                                           std::vector<completion>& out) {
  std::vector<storage_result_ptr> results{result};
  if (job.commands.size() > 1) {
    std::vector<std::size_t> parts;
    for (const auto& command : job.commands)
      parts.push_back(command.parts);
    results = split(job.batch, parts, result);
  }
  for (std::size_t i = 0; i < job.commands.size(); ++i) {
    if (!job.commands[i].answered)
      out.push_back({job.commands[i].id, std::move(results[i])});
  }
}

std::vector<storage_dispatcher::completion> storage_dispatcher::finished(std::uint64_t job,
                                                                         const storage_result_ptr& from_worker) {
  std::vector<completion> out;
  const auto found = running_.find(job);
  if (found == running_.end())
    return out;
  const auto result = expired_to_unavailable(from_worker);
  auto done = std::move(found->second);
  running_.erase(found);
  workers_.finish(job);
  if (done.of)
    shares_.end(*done.of);

  switch (done.kind) {
  case lane::probe:
  case lane::follow:
  case lane::command:
    complete_commands(done, result, out);
    break;
  case lane::tokens:
    lookups_.complete(done.keys, result, out);
    break;
  case lane::activation: {
    // If the database is unavailable, the activations are retried later. Any other error would only recur.
    const bool retry = result->has_error() && result->error().code == core::errc::unavailable;
    if (retry) {
      activation_failed_ = true;
      activations_.requeue(done.activations);
    } else {
      activations_.done(done.activations);
    }
    break;
  }
  }
  return out;
}

std::vector<storage_dispatcher::completion> storage_dispatcher::lost(std::size_t worker) {
  const auto job = workers_.lost(worker);
  shares_.resize(workers_.connected());
  if (!job)
    return {};
  return finished(*job, failed_result(core::errc::unavailable, "Service Unavailable", "the database worker failed"));
}

// -- time -------------------------------------------------------------------------------------------------------------

std::vector<storage_dispatcher::completion> storage_dispatcher::expire(core::steady_time now) {
  std::vector<completion> out;
  const auto late = too_late();
  lookups_.expire(now, late, out);
  std::vector<waiting_command> expired;
  for (auto& queue : queues_)
    queue.take_expired(now, expired);
  for (auto* queue : {&probes_, &follow_reads_}) {
    std::erase_if(*queue, [&](const waiting_command& command) {
      if (command.job->deadline > now)
        return false;
      expired.push_back(command);
      return true;
    });
  }
  for (const auto& command : expired)
    out.push_back({command.id, late});
  for (auto& [job, running] : running_) {
    for (auto& command : running.commands) {
      if (command.answered || command.deadline > now)
        continue;
      command.answered = true;
      out.push_back({command.id, late});
    }
  }
  return out;
}

std::vector<storage_dispatcher::completion> storage_dispatcher::refuse_waiting(const std::string& why) {
  std::vector<completion> out;
  const auto refusal = failed_result(core::errc::unavailable, "Service Unavailable", why);
  lookups_.refuse_waiting(refusal, out);
  std::vector<waiting_command> waiting;
  for (auto& queue : queues_)
    queue.take_all(waiting);
  for (const auto& command : waiting)
    out.push_back({command.id, refusal});
  return out;
}

// -- state ------------------------------------------------------------------------------------------------------------

std::size_t storage_dispatcher::waiting_commands() const noexcept {
  return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                         [](std::size_t sum, const class_queue& queue) { return sum + queue.size(); });
}

std::size_t storage_dispatcher::waiting(work_class which) const noexcept {
  const auto commands = queue_of(which).size();
  if (which == work_class::authentication)
    return commands + lookups_.size();
  return which == work_class::maintenance ? commands + activations_.size() : commands;
}

bool storage_dispatcher::idle() const noexcept {
  return lookups_.empty() && waiting_commands() == 0 && activations_.empty()
         && std::all_of(running_.begin(), running_.end(), [](const auto& entry) {
              return entry.second.kind == lane::probe || entry.second.kind == lane::follow;
            });
}

} // namespace cm::actors
