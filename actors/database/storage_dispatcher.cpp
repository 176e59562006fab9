#include "actors/database/storage_dispatcher.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cm::actors {

namespace {

storage_result_ptr failure(core::errc code, std::string message, std::string detail) {
  return std::make_shared<storage_result>(core::make_error(code, std::move(message), std::move(detail)));
}

storage_result_ptr too_late() {
  return failure(core::errc::unavailable, "Service Unavailable", "the database did not answer in time");
}

// A worker does not begin what is past its deadline. For whoever asked, that is a database that did not answer in time.
storage_result_ptr as_answer(const storage_result_ptr& result) {
  return result->has_error() && result->error().code == core::errc::expired ? too_late() : result;
}

storage_result_ptr something_else() {
  return failure(core::errc::internal, "Internal Server Error", "a question was answered with something else");
}

core::error overloaded(const char* queue) {
  return core::make_error(core::errc::overloaded, "Service Unavailable",
                          std::string("the queue of ") + queue + " is full");
}

} // namespace

std::size_t storage_dispatcher::hash_of_hash::operator()(const core::token_hash& value) const noexcept {
  // The keys are hashes already.
  std::size_t out = 0;
  std::memcpy(&out, value.data(), sizeof out);
  return out;
}

storage_dispatcher::storage_dispatcher(dispatcher_settings settings)
  : settings_(std::move(settings)), workers_(settings_.workers), activations_(settings_.activation_queue) {}

// -- questions --------------------------------------------------------------------------------------------------------

core::expected<ticket> storage_dispatcher::add(const token_lookup& lookup) {
  if (lookups_.size() + lookup.hashes.size() > settings_.lookup_queue)
    return overloaded("look-ups");
  const auto id = ++last_ticket_;
  open_lookup open;
  open.found.resize(lookup.hashes.size());
  open.missing = lookup.hashes.size();
  open.deadline = lookup.deadline;
  for (std::size_t i = 0; i < lookup.hashes.size(); ++i) {
    const auto& hash = lookup.hashes[i];
    const auto [known, fresh] = waiting_index_.try_emplace(hash, first_sequence_ + lookups_.size());
    if (fresh) {
      lookups_.push_back({hash, {id, i}, {}, lookup.deadline});
      continue;
    }
    // The same key waits already: one question to the database serves both. It has not left yet, so what it brings
    // is not older than this question.
    auto& waiting = lookups_[known->second - first_sequence_];
    waiting.more.push_back({id, i});
    waiting.deadline = std::max(waiting.deadline, lookup.deadline);
  }
  open_lookups_.emplace(id, std::move(open));
  return id;
}

namespace {

// Short reads by which revocations are followed: how old an answer from memory may be depends on them, so they go ahead
// of what waits. Their one asker has one of them under way at a time, and gives it up when it takes too long.
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
    std::count_if(activations.begin(), activations.end(), [this](const auto& one) { return !activations_.add(one); }));
}

ticket storage_dispatcher::add_probe(core::steady_time deadline) {
  const auto id = ++last_ticket_;
  probes_.push_back({id, std::make_shared<storage_job>(storage_job{storage::ping{}, deadline})});
  return id;
}

// -- workers ----------------------------------------------------------------------------------------------------------

void storage_dispatcher::connected(std::size_t worker, bool yes) {
  if (worker < workers_.size())
    workers_[worker].connected = yes;
}

std::size_t storage_dispatcher::running(lane kind) const noexcept {
  return static_cast<std::size_t>(
    std::count_if(running_.begin(), running_.end(), [kind](const auto& entry) { return entry.second.kind == kind; }));
}

std::size_t storage_dispatcher::share_of_lookups() const noexcept {
  return std::max<std::size_t>(1, workers_.size() / 2);
}

// Few connections with full batches look up more than many with small ones. So beyond the first jobs only full batches
// go out; a job that the database is slow with does not count.
bool storage_dispatcher::may_look_up(core::steady_time now) const noexcept {
  if (lookups_.empty() || running(lane::lookup) >= share_of_lookups())
    return false;
  const auto quick = static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), [&](const auto& entry) {
    return entry.second.kind == lane::lookup && now - entry.second.since < settings_.slow_lookup;
  }));
  return quick < settings_.eager_lookups
         || (quick < settings_.max_lookups && lookups_.size() >= settings_.lookup_batch);
}

// Each kind of work has a share of the pool, so that none keeps the others waiting: look-ups half, activations one
// worker, commands the rest. Where the pool is too small for that, the kinds take turns. A probe goes before all.
std::optional<storage_dispatcher::lane> storage_dispatcher::choose_lane(core::steady_time now) const noexcept {
  if (!probes_.empty())
    return lane::probe;
  // Those that were given up keep their workers until the database answers or the socket time-out: the others stay
  // free.
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
  constexpr std::array turns{lane::lookup, lane::command, lane::activation};
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto kind = turns[(next_turn_ + i) % turns.size()];
    if (may_run(kind))
      return kind;
  }
  return std::nullopt;
}

storage_job_ptr storage_dispatcher::take_single(running_job& running, std::deque<waiting_command>& queue) {
  auto [id, job] = std::move(queue.front());
  queue.pop_front();
  running.singles.push_back({id, job->deadline});
  return job;
}

// In the order in which they came; creations take along those that wait behind them.
storage_job_ptr storage_dispatcher::take_command(running_job& running) {
  const bool creation = !creations_.empty() && (commands_.empty() || creations_.front().id < commands_.front().id);
  if (!creation)
    return take_single(running, commands_);
  return creations_.size() == 1 ? take_single(running, creations_) : take_creations(running);
}

storage_job_ptr storage_dispatcher::take_creations(running_job& running) {
  storage::create_tokens command;
  core::steady_time deadline{};
  const auto count = std::min(settings_.creation_batch, creations_.size());
  command.items.reserve(count);
  running.singles.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto job = take_single(running, creations_);
    command.items.push_back(std::get<storage::create_token>(job->command));
    deadline = std::max(deadline, job->deadline);
  }
  return std::make_shared<storage_job>(storage_job{std::move(command), deadline});
}

storage_job_ptr storage_dispatcher::take_lookup(running_job& running) {
  storage::find_tokens command;
  core::steady_time deadline{};
  const auto count = std::min(settings_.lookup_batch, lookups_.size());
  command.hashes.reserve(count);
  running.keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& key = lookups_.front();
    command.hashes.push_back(key.hash);
    deadline = std::max(deadline, key.deadline);
    waiting_index_.erase(key.hash);
    running.keys.push_back(std::move(key));
    lookups_.pop_front();
    ++first_sequence_;
  }
  return std::make_shared<storage_job>(storage_job{std::move(command), deadline});
}

storage_job_ptr storage_dispatcher::take_activations(running_job& running, core::steady_time now) {
  running.activations = activations_.take(settings_.activation_batch);
  // Nobody waits for it, so only the time-outs of the connection bound it.
  return std::make_shared<storage_job>(storage_job{
    storage::activate_tokens{running.activations, core::now_ms(), settings_.replica}, now + std::chrono::seconds{30}});
}

std::optional<storage_dispatcher::dispatch> storage_dispatcher::next(core::steady_time now) {
  const auto free = std::find_if(workers_.begin(), workers_.end(), [](const auto& w) { return w.connected && !w.job; });
  if (free == workers_.end())
    return std::nullopt;
  if (std::exchange(activation_failed_, false))
    activations_rest_until_ = now + settings_.activation_rest;
  const auto kind = choose_lane(now);
  if (!kind)
    return std::nullopt;

  // A probe takes nobody's turn: one comes with every few jobs of a slow database. Nor does a follow read.
  if (*kind != lane::probe && *kind != lane::follow)
    next_turn_ = static_cast<std::size_t>(*kind); // the lane after this one, as lane::probe is not in the round
  running_job running;
  running.kind = *kind;
  running.worker = static_cast<std::size_t>(free - workers_.begin());
  running.since = now;
  storage_job_ptr what;
  switch (*kind) {
  case lane::probe:
    what = take_single(running, probes_);
    break;
  case lane::follow:
    what = take_single(running, follow_reads_);
    break;
  case lane::command:
    what = take_command(running);
    break;
  case lane::lookup:
    what = take_lookup(running);
    break;
  case lane::activation:
    what = take_activations(running, now);
    break;
  }
  const auto job = ++last_job_;
  free->job = job;
  const auto worker = running.worker;
  running_.emplace(job, std::move(running));
  return dispatch{worker, job, std::move(what)};
}

void storage_dispatcher::fail_lookup(ticket id, const storage_result_ptr& result, std::vector<completion>& out) {
  if (open_lookups_.erase(id) > 0)
    out.push_back({id, result});
}

void storage_dispatcher::fail_keys(const running_job& job, const storage_result_ptr& result,
                                   std::vector<completion>& out) {
  for (const auto& key : job.keys) {
    fail_lookup(key.first.id, result, out);
    for (const auto& s : key.more)
      fail_lookup(s.id, result, out);
  }
}

void storage_dispatcher::seat_found(const running_job& job, const storage_result_ptr& result,
                                    std::vector<completion>& out) {
  const auto* found = result->has_value() ? std::get_if<storage::found_tokens>(&**result) : nullptr;
  if (found == nullptr || found->tokens.size() != job.keys.size()) {
    fail_keys(job, result->has_error() ? result : something_else(), out);
    return;
  }
  const auto seat_one = [&](const seat& s, const std::optional<storage::found_token>& token) {
    const auto open = open_lookups_.find(s.id);
    if (open == open_lookups_.end())
      return; // expired meanwhile
    open->second.found[s.position] = token;
    if (--open->second.missing > 0)
      return;
    out.push_back(
      {s.id, std::make_shared<storage_result>(storage::reply{storage::found_tokens{std::move(open->second.found)}})});
    open_lookups_.erase(open);
  };
  for (std::size_t key = 0; key < job.keys.size(); ++key) {
    seat_one(job.keys[key].first, found->tokens[key]);
    for (const auto& s : job.keys[key].more)
      seat_one(s, found->tokens[key]);
  }
}

// One question gets the result as it is; several creations get one each.
void storage_dispatcher::answer_singles(const running_job& job, const storage_result_ptr& result,
                                        std::vector<completion>& out) {
  const bool shared = job.singles.size() > 1;
  const auto* created = result->has_value() ? std::get_if<storage::created_tokens>(&**result) : nullptr;
  const bool fits = created != nullptr && created->results.size() == job.singles.size();
  for (std::size_t i = 0; i < job.singles.size(); ++i) {
    const auto& one = job.singles[i];
    if (one.answered)
      continue;
    if (!shared || result->has_error())
      out.push_back({one.id, result});
    else if (!fits)
      out.push_back({one.id, something_else()});
    else if (const auto& own = created->results[i]; own.has_error())
      out.push_back({one.id, std::make_shared<storage_result>(own.error())});
    else
      out.push_back({one.id, std::make_shared<storage_result>(storage::reply{*own})});
  }
}

std::vector<storage_dispatcher::completion> storage_dispatcher::finished(std::uint64_t job,
                                                                         const storage_result_ptr& from_worker) {
  std::vector<completion> out;
  const auto at = running_.find(job);
  if (at == running_.end())
    return out;
  const auto result = as_answer(from_worker);
  auto done = std::move(at->second);
  running_.erase(at);
  auto& worker = workers_[done.worker];
  if (worker.job == job)
    worker.job.reset();

  switch (done.kind) {
  case lane::probe:
  case lane::follow:
  case lane::command:
    answer_singles(done, result, out);
    break;
  case lane::lookup:
    seat_found(done, result, out);
    break;
  case lane::activation: {
    // Trouble of the database: the activations wait for better times. Any other fault would only repeat itself.
    const bool again = result->has_error() && result->error().code == core::errc::unavailable;
    if (again) {
      activation_failed_ = true;
      activations_.again(done.activations);
    } else {
      activations_.done(done.activations);
    }
    break;
  }
  }
  return out;
}

std::vector<storage_dispatcher::completion> storage_dispatcher::lost(std::size_t worker) {
  if (worker >= workers_.size())
    return {};
  workers_[worker].connected = false;
  const auto job = std::exchange(workers_[worker].job, std::nullopt);
  if (!job)
    return {};
  return finished(*job, failure(core::errc::unavailable, "Service Unavailable", "the database worker failed"));
}

// -- time -------------------------------------------------------------------------------------------------------------

std::vector<storage_dispatcher::completion> storage_dispatcher::expire(core::steady_time now) {
  std::vector<completion> out;
  const auto late = too_late();
  for (auto at = open_lookups_.begin(); at != open_lookups_.end();) {
    if (at->second.deadline > now) {
      ++at;
      continue;
    }
    out.push_back({at->first, late});
    at = open_lookups_.erase(at);
  }
  for (auto* queue : {&commands_, &creations_, &probes_, &follow_reads_}) {
    for (auto at = queue->begin(); at != queue->end();) {
      if (at->job->deadline > now) {
        ++at;
        continue;
      }
      out.push_back({at->id, late});
      at = queue->erase(at);
    }
  }
  for (auto& [job, running] : running_) {
    for (auto& one : running.singles) {
      if (one.answered || one.deadline > now)
        continue;
      one.answered = true;
      out.push_back({one.id, late});
    }
  }
  // Keys that nobody waits for any more need not be asked for.
  const auto awaited = [this](const seat& s) { return open_lookups_.count(s.id) > 0; };
  while (!lookups_.empty() && !awaited(lookups_.front().first)
         && std::none_of(lookups_.front().more.begin(), lookups_.front().more.end(), awaited)) {
    waiting_index_.erase(lookups_.front().hash);
    lookups_.pop_front();
    ++first_sequence_;
  }
  return out;
}

std::vector<storage_dispatcher::completion> storage_dispatcher::refuse_waiting(const std::string& why) {
  std::vector<completion> out;
  const auto away = failure(core::errc::unavailable, "Service Unavailable", why);
  for (const auto& key : lookups_) {
    fail_lookup(key.first.id, away, out);
    for (const auto& s : key.more)
      fail_lookup(s.id, away, out);
  }
  first_sequence_ += lookups_.size();
  lookups_.clear();
  waiting_index_.clear();
  for (auto* queue : {&commands_, &creations_}) {
    for (const auto& waiting : *queue)
      out.push_back({waiting.id, away});
    queue->clear();
  }
  return out;
}

// -- state ------------------------------------------------------------------------------------------------------------

std::size_t storage_dispatcher::connected_workers() const noexcept {
  return static_cast<std::size_t>(
    std::count_if(workers_.begin(), workers_.end(), [](const auto& w) { return w.connected; }));
}

bool storage_dispatcher::idle() const noexcept {
  return lookups_.empty() && waiting_commands() == 0 && activations_.empty()
         && std::all_of(running_.begin(), running_.end(), [](const auto& entry) {
              return entry.second.kind == lane::probe || entry.second.kind == lane::follow;
            });
}

} // namespace cm::actors
