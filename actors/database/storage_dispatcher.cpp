#include "actors/database/storage_dispatcher.hpp"

#include <algorithm>
#include <array>
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

core::error overloaded(const char* queue) {
  return core::make_error(core::errc::overloaded, "Service Unavailable",
                          std::string("the queue of ") + queue + " is full");
}

} // namespace

storage_dispatcher::storage_dispatcher(dispatcher_settings settings)
  : settings_(std::move(settings)), workers_(settings_.workers), activations_(settings_.activation_queue) {}

// -- requests ---------------------------------------------------------------------------------------------------------

core::expected<ticket> storage_dispatcher::add(const token_lookup& lookup) {
  if (lookups_.size() + lookup.hashes.size() > settings_.lookup_queue)
    return overloaded("look-ups");
  const auto id = ++last_ticket_;
  lookups_.add(id, lookup);
  return id;
}

namespace {

// The short reads of the revocation follower. They bound how old an answer from memory may be (contract 4.4), so they
// have priority over other requests. The follower has one of them in progress at a time, and abandons one that takes
// too long.
bool follows_revocations(const storage::command& command) noexcept {
  return std::holds_alternative<storage::find_revocations>(command)
         || std::holds_alternative<storage::get_revocations>(command);
}

} // namespace

core::expected<ticket> storage_dispatcher::add(storage_job_ptr job) {
  if (follows_revocations(job->command)) {
    const auto id = ++last_ticket_;
    follow_reads_.push_back({id, std::move(job)});
    return id;
  }
  if (waiting_commands() >= settings_.command_queue)
    return overloaded("commands");
  const auto id = ++last_ticket_;
  auto& queue = std::holds_alternative<storage::create_token>(job->command) ? creations_ : commands_;
  queue.push_back({id, std::move(job)});
  return id;
}

std::size_t storage_dispatcher::add(const std::vector<storage::activation>& activations) {
  return static_cast<std::size_t>(
    std::count_if(activations.begin(), activations.end(), [this](const auto& use) { return !activations_.add(use); }));
}

ticket storage_dispatcher::add_probe(core::steady_time deadline) {
  const auto id = ++last_ticket_;
  probes_.push_back({id, std::make_shared<storage_job>(storage_job{storage::ping{}, deadline})});
  return id;
}

// -- workers ----------------------------------------------------------------------------------------------------------

void storage_dispatcher::connected(std::size_t worker, bool yes) {
  workers_.connected(worker, yes);
}

std::size_t storage_dispatcher::running(lane kind) const noexcept {
  return static_cast<std::size_t>(
    std::count_if(running_.begin(), running_.end(), [kind](const auto& entry) { return entry.second.kind == kind; }));
}

std::size_t storage_dispatcher::share_of_lookups() const noexcept {
  return std::max<std::size_t>(1, workers_.size() / 2);
}

// Few connections with full batches have a higher throughput than many with small batches. So beyond the first jobs
// only full batches are started. Jobs for which the database takes long do not count, so that they do not block others.
bool storage_dispatcher::may_look_up(core::steady_time now) const noexcept {
  if (lookups_.empty() || running(lane::lookup) >= share_of_lookups())
    return false;
  const auto quick = static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
    return entry.second.kind == lane::lookup && now - entry.second.since < settings_.slow_lookup;
  }));
  return quick < settings_.eager_lookups
         || (quick < settings_.max_lookups && lookups_.size() >= settings_.lookup_batch);
}

// Each kind of work has a share of the pool, so that none blocks the others: look-ups half, activations one worker,
// commands the rest. If the pool is too small for that, the round-robin decides. Probes come first, then follow reads.
std::optional<storage_dispatcher::lane> storage_dispatcher::choose_lane(core::steady_time now) const noexcept {
  if (!probes_.empty())
    return lane::probe;
  // A follow read that was abandoned occupies its worker until the database answers or the socket times out. The limit
  // keeps the other workers free.
  constexpr std::size_t max_follow_reads = 2;
  if (!follow_reads_.empty() && running(lane::follow) < max_follow_reads)
    return lane::follow;
  const std::size_t pool = workers_.size();
  const auto may_run = [&](lane kind) {
    switch (kind) {
    case lane::lookup:
      return may_look_up(now);
    case lane::command:
      return waiting_commands() > 0
             && running(kind) < std::max<std::size_t>(1, pool - share_of_lookups() - (pool > 2 ? 1 : 0));
    case lane::activation:
      return !activations_.empty() && running(kind) < 1 && now >= activations_rest_until_;
    case lane::probe:
    case lane::follow:
      break;
    }
    return false;
  };
  constexpr std::array lanes{lane::lookup, lane::command, lane::activation};
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto kind = lanes[(next_lane_ + i) % lanes.size()];
    if (may_run(kind))
      return kind;
  }
  return std::nullopt;
}

storage_job_ptr storage_dispatcher::take_front(running_job& running, std::deque<waiting_command>& queue) {
  auto [id, job] = std::move(queue.front());
  queue.pop_front();
  running.commands.push_back({id, job->deadline});
  return job;
}

// Commands start in the order of arrival, except that a creation takes along the creations that wait behind it.
storage_job_ptr storage_dispatcher::take_command(running_job& running) {
  const bool creation = !creations_.empty() && (commands_.empty() || creations_.front().id < commands_.front().id);
  if (!creation)
    return take_front(running, commands_);
  return creations_.size() == 1 ? take_front(running, creations_) : take_creations(running);
}

storage_job_ptr storage_dispatcher::take_creations(running_job& running) {
  storage::create_tokens command;
  core::steady_time deadline{};
  const auto count = std::min(settings_.creation_batch, creations_.size());
  command.items.reserve(count);
  running.commands.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto job = take_front(running, creations_);
    command.items.push_back(std::get<storage::create_token>(job->command));
    deadline = std::max(deadline, job->deadline);
  }
  return std::make_shared<storage_job>(storage_job{std::move(command), deadline});
}

storage_job_ptr storage_dispatcher::take_lookup(running_job& running) {
  storage::find_tokens command;
  core::steady_time deadline{};
  running.keys = lookups_.take(settings_.lookup_batch);
  command.hashes.reserve(running.keys.size());
  for (const auto& key : running.keys) {
    command.hashes.push_back(key.hash);
    deadline = std::max(deadline, key.deadline);
  }
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
    return take_front(running, probes_);
  case lane::follow:
    return take_front(running, follow_reads_);
  case lane::command:
    return take_command(running);
  case lane::lookup:
    return take_lookup(running);
  case lane::activation:
    break;
  }
  return take_activations(running, now);
}

std::optional<storage_dispatcher::dispatch> storage_dispatcher::next(core::steady_time now) {
  auto worker = workers_.idle();
  if (!worker)
    return std::nullopt;
  if (std::exchange(activation_failed_, false))
    activations_rest_until_ = now + settings_.activation_rest;
  const auto kind = choose_lane(now);
  if (!kind)
    return std::nullopt;
  if (*kind == lane::probe)
    worker = workers_.stalest();

  // Probes and follow reads do not advance the round-robin: with a slow database there is one for every few jobs. The
  // value of a lane is the position after it, since lane::probe is not in the round-robin.
  if (*kind != lane::probe && *kind != lane::follow)
    next_lane_ = static_cast<std::size_t>(*kind);
  running_job running;
  running.kind = *kind;
  running.since = now;
  auto payload = take(running, now);
  const auto job = ++last_job_;
  workers_.assign(*worker, job);
  running_.emplace(job, std::move(running));
  return dispatch{*worker, job, std::move(payload)};
}

// A single command gets the job's result as it is. In a batch of creations each gets its own result.
void storage_dispatcher::complete_commands(const running_job& job, const storage_result_ptr& result,
                                           std::vector<completion>& out) {
  const bool batch = job.commands.size() > 1;
  const auto* created = result->has_value() ? std::get_if<storage::created_tokens>(&**result) : nullptr;
  const bool matches = created != nullptr && created->results.size() == job.commands.size();
  for (std::size_t i = 0; i < job.commands.size(); ++i) {
    const auto& command = job.commands[i];
    if (command.answered)
      continue;
    if (!batch || result->has_error())
      out.push_back({command.id, result});
    else if (!matches)
      out.push_back({command.id, mismatched_reply()});
    else if (const auto& own = created->results[i]; own.has_error())
      out.push_back({command.id, std::make_shared<storage_result>(own.error())});
    else
      out.push_back({command.id, std::make_shared<storage_result>(storage::reply{*own})});
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

  switch (done.kind) {
  case lane::probe:
  case lane::follow:
  case lane::command:
    complete_commands(done, result, out);
    break;
  case lane::lookup:
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
  if (!job)
    return {};
  return finished(*job, failed_result(core::errc::unavailable, "Service Unavailable", "the database worker failed"));
}

// -- time -------------------------------------------------------------------------------------------------------------

std::vector<storage_dispatcher::completion> storage_dispatcher::expire(core::steady_time now) {
  std::vector<completion> out;
  const auto late = too_late();
  lookups_.expire(now, late, out);
  for (auto* queue : {&commands_, &creations_, &probes_, &follow_reads_}) {
    for (auto command = queue->begin(); command != queue->end();) {
      if (command->job->deadline > now) {
        ++command;
        continue;
      }
      out.push_back({command->id, late});
      command = queue->erase(command);
    }
  }
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
  for (auto* queue : {&commands_, &creations_}) {
    for (const auto& waiting : *queue)
      out.push_back({waiting.id, refusal});
    queue->clear();
  }
  return out;
}

// -- state ------------------------------------------------------------------------------------------------------------

bool storage_dispatcher::idle() const noexcept {
  return lookups_.empty() && waiting_commands() == 0 && activations_.empty()
         && std::all_of(running_.begin(), running_.end(), [](const auto& entry) {
              return entry.second.kind == lane::probe || entry.second.kind == lane::follow;
            });
}

} // namespace cm::actors
