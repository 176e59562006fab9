#include "actors/database/storage_gate.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using storage_gate_self = storage_gate_actor::stateful_pointer<storage_gate_state>;

// A worker's own time-outs bound its jobs. This one only detects a worker that will never answer.
constexpr std::chrono::minutes worker_patience{3};

storage_result_ptr unavailable(const std::string& why) {
  return std::make_shared<storage_result>(core::make_error(core::errc::unavailable, "Service Unavailable", why));
}

// Such as "7 s ahead of the database's clock". Whole seconds, so that the warning does not change with every probe.
std::string describe_skew(const core::clock_skew& skew) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(std::chrono::abs(skew.offset)).count();
  return std::to_string(seconds) + (skew.offset.count() > 0 ? " s ahead of" : " s behind") + " the database's clock";
}

// A probe was answered: compares the clocks.
void take_probe(storage_gate_self self, const storage::reply& reply) {
  auto& state = self->state;
  const auto* pong = std::get_if<storage::pong>(&reply);
  if (pong == nullptr)
    return;
  if (state.settings.metrics)
    state.settings.metrics->clock_skew_ms.set(pong->skew.offset.count());
  if (!state.skew.take(pong->skew))
    return;
  if (state.skew.excessive())
    core::logger("cm.storage")
      ->warn("the clock of this replica is {}: times that it writes are wrong by as much", describe_skew(pong->skew));
  else
    core::logger("cm.storage")->info("the clock of this replica agrees with the database's");
}

void deliver(storage_gate_self self, std::vector<storage_dispatcher::completion> done) {
  auto& state = self->state;
  const auto now = self->clock().now();
  for (auto& completion : done) {
    if (state.probes.erase(completion.id) > 0) {
      if (completion.result->has_value())
        take_probe(self, **completion.result);
      continue;
    }
    if (state.token_lookups.take(completion, now) || state.client_lookups.take(completion, now))
      continue;
    state.requests.answer(completion.id, std::move(completion.result));
  }
}

void pump(storage_gate_self self);

// Makes the worker report its state again: by itself it reports changes only. Its latest report may have arrived before
// its handle, or have been overridden when its job timed out.
void ask_for_report(storage_gate_self self, std::size_t worker) {
  self->send(self->state.workers[worker], peer_v, worker_listener_peer{caf::actor_cast<storage_gate_actor>(self)});
}

void finish(storage_gate_self self, std::size_t worker, std::uint64_t job, const storage_result_ptr& result) {
  const bool from_database = result->has_value() || result->error().code == core::errc::conflict;
  if (from_database) {
    self->state.pulse->answered();
    self->state.dispatcher->proven(worker, self->clock().now());
  }
  deliver(self, self->state.dispatcher->finished(job, result));
  pump(self);
}

// Sends jobs to the idle workers.
void pump(storage_gate_self self) {
  auto& state = self->state;
  while (auto next = state.dispatcher->next(self->clock().now())) {
    const auto worker = next->worker;
    const auto job = next->job;
    if (!state.workers[worker]) {
      deliver(self, state.dispatcher->lost(worker));
      continue;
    }
    request_within(self, state.workers[worker], worker_patience, execute_v, std::move(next->payload))
      .then([self, worker, job](const storage_result_ptr& result) { finish(self, worker, job, result); },
            [self, worker](const caf::error& problem) {
              core::logger("cm.storage")->warn("database worker {} failed: {}", worker, describe_reason(problem));
              deliver(self, self->state.dispatcher->lost(worker));
              ask_for_report(self, worker);
              pump(self);
            });
  }
  deliver(self, state.dispatcher->take_late());
  if (state.dispatcher->idle())
    state.drains.answer(true);
}

// Whether the database answers, and the requests of each lane reach it.
bool is_up(const storage_gate_state& state) noexcept {
  return state.pulse->up() && !state.token_lookups.stuck() && !state.client_lookups.stuck();
}

// Why the database is down; empty if that is unknown.
std::string reason(storage_gate_self self) {
  const auto& state = self->state;
  if (state.pulse->stalled())
    return "the database does not answer";
  if (state.pulse->up())
    return state.token_lookups.stuck()
             ? "look-ups of tokens are not answered within their deadline"
             : "look-ups of usernames and certificates are not answered within their deadline";
  for (const auto& r : state.reports) {
    if (r && !r->connected && !r->error.empty())
      return r->error;
  }
  return {};
}

void report(storage_gate_self self) {
  auto& state = self->state;
  core::database_health health;
  health.status = is_up(state) ? core::health_status::up : core::health_status::down;
  for (const auto& r : state.reports) {
    if (r && !r->version.empty())
      health.version = r->version;
  }
  if (!is_up(state)) {
    health.error = reason(self);
    if (health.error.empty())
      health.error = "not connected yet";
  }
  if (state.skew.excessive())
    health.warning = "the clock of this replica is " + describe_skew(*state.skew.last());
  self->send(state.health, report_v, std::make_shared<const component_report>(std::move(health)));
}

// Updates the state of the database; logs and reports a change.
void judge(storage_gate_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  static_cast<void>(state.pulse->judge(state.dispatcher->connected_workers(), now));
  if (!state.pulse->up()) {
    state.token_lookups.forget();
    state.client_lookups.forget();
  }
  const bool up = is_up(state);
  const bool changed = std::exchange(state.judged_up, up) != up;
  if (!up && !state.outage_logged) {
    const auto why = reason(self);
    if (!why.empty()) {
      state.outage_logged = true;
      core::logger("cm.storage")->warn("the database is not available: {}", why);
    }
  }
  if (!changed)
    return;
  if (up) {
    state.outage_logged = false;
    core::logger("cm.storage")->info("the database is available");
    if (!std::exchange(state.had_contact, true) && state.settings.on_first_contact)
      state.settings.on_first_contact();
  }
  report(self);
}

// Whether requests are refused at once, because the database has been down for some time.
bool fails_fast(storage_gate_self self) {
  const auto& state = self->state;
  return state.pulse->down_for(self->clock().now()) > state.settings.fail_fast_after;
}

caf::result<storage_result_ptr> enqueue(storage_gate_self self, const core::expected<ticket>& id) {
  if (id.has_error())
    return storage_result_ptr{std::make_shared<storage_result>(id.error())};
  const auto promise = self->state.requests.add(*id, self->make_response_promise<storage_result_ptr>());
  pump(self);
  return promise;
}

void measure(storage_gate_self self) {
  const auto& state = self->state;
  if (!state.settings.metrics)
    return;
  auto& gauges = *state.settings.metrics;
  gauges.connections.set(state.dispatcher->connected_workers());
  gauges.busy.set(state.dispatcher->busy_workers());
  gauges.waiting_lookups.set(state.dispatcher->waiting_keys());
  gauges.waiting_commands.set(state.dispatcher->waiting_commands());
  gauges.waiting_activations.set(state.dispatcher->waiting_activations());
  for (const auto which : work_classes)
    gauges.classes[index_of(which)].waiting.set(state.dispatcher->waiting(which));
}

// Notifies the workers when another host is preferred. A worker checks that before every command, but an idle one would
// stay connected to the former host, which may be a node of a cluster with reads and locks of its own.
void move_workers(storage_gate_self self) {
  auto& state = self->state;
  if (!state.settings.hosts)
    return;
  const auto moves = state.settings.hosts->moves();
  if (std::exchange(state.host_moves, moves) == moves)
    return;
  for (const auto& worker : state.workers) {
    if (worker)
      self->send(worker, follow_v);
  }
}

// Probes the idle worker that was proven longest ago, unless a probe waits for an idle worker already. So every idle
// connection is proven in turn, and one that does not answer keeps one probe, not the next ones.
void probe(storage_gate_self self) {
  auto& state = self->state;
  if (state.dispatcher->connected_workers() == 0)
    return;
  const auto now = self->clock().now();
  if (!state.dispatcher->probe_waits())
    state.probes.insert(state.dispatcher->add_probe(now + std::chrono::minutes{1}));
  state.pulse->probe_sent(now);
}

// Sends the probe of each lane that is busy, which waits like a request. Not while the database is down, or while the
// gate is drained.
void probe_lanes(storage_gate_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  state.token_lookups.note(state.dispatcher->looks_tokens_up(), now);
  state.client_lookups.note(state.dispatcher->looks_clients_up(), now);
  if (!state.pulse->up() || !state.drains.empty())
    return;
  const auto send = [now](lane_proof& lane, const core::expected<ticket>& id, core::steady_time deadline) {
    lane.sent(id.has_value() ? std::optional{*id} : std::nullopt, now, deadline);
  };
  if (state.token_lookups.due(now)) {
    const auto deadline = now + state.settings.token_lookup_patience;
    send(state.token_lookups, state.dispatcher->add(token_lookup{{core::token_hash{}}, deadline}, now), deadline);
  }
  if (state.client_lookups.due(now)) {
    const auto deadline = now + state.settings.client_lookup_patience;
    // No username is empty.
    auto job = std::make_shared<storage_job>(storage_job{storage::find_basic{{}}, deadline});
    send(state.client_lookups, state.dispatcher->add(std::move(job), now), deadline);
  }
}

void tick(storage_gate_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  measure(self);
  deliver(self, state.dispatcher->expire(now));
  probe_lanes(self);
  if (now >= state.next_probe) {
    state.next_probe = now + state.settings.probe_period;
    move_workers(self);
    probe(self);
    report(self);
    if (const auto refused = std::exchange(state.refused_activations, 0); refused > 0)
      core::logger("cm.storage")
        ->warn("{} first uses were not recorded, because their queue is full; the next uses will be", refused);
  }
  judge(self);
  if (fails_fast(self))
    deliver(self, state.dispatcher->refuse_waiting("the database is not available"));
  pump(self);
}

void take_report(storage_gate_self self, std::size_t worker, const worker_report_ptr& update) {
  auto& state = self->state;
  if (worker >= state.reports.size())
    return;
  if (update->refused) {
    state.outage_logged = true; // root logs the reason, and ends the process
    if (state.settings.on_refused_database)
      state.settings.on_refused_database(update->error);
  }
  state.reports[worker] = update;
  state.dispatcher->connected(worker, update->connected && state.workers[worker]);
  judge(self);
  pump(self);
}

} // namespace

bool database_pulse::judge(std::size_t connected_workers, core::steady_time now) noexcept {
  const bool silent = probe_sent_ && now - *probe_sent_ > patience_;
  stalled_ = connected_workers > 0 && silent;
  const bool up = connected_workers > 0 && !silent;
  if (up == up_)
    return false;
  up_ = up;
  if (!up)
    down_since_ = now;
  return true;
}

storage_gate_state::storage_gate_state() : requests(unavailable("the storage gate ended")) {}

storage_gate_actor::behavior_type storage_gate(storage_gate_self self, storage_gate_settings settings,
                                               health_actor health) {
  harden(self);
  auto& state = self->state;
  const auto now = self->clock().now();
  const auto workers = settings.dispatcher.workers;
  const auto period = settings.tick;
  settings.dispatcher.metrics = settings.metrics;
  state.dispatcher.emplace(settings.dispatcher);
  state.pulse.emplace(settings.probe_patience, now);
  state.settings = std::move(settings);
  state.workers.resize(workers);
  state.reports.resize(workers);
  state.health = std::move(health);

  return {
    [self](find_atom, const token_lookup_ptr& lookup) -> caf::result<storage_result_ptr> {
      if (fails_fast(self))
        return unavailable("the database is not available");
      return enqueue(self, self->state.dispatcher->add(*lookup, self->clock().now()));
    },
    [self](execute_atom, const storage_job_ptr& job) -> caf::result<storage_result_ptr> {
      if (fails_fast(self))
        return unavailable("the database is not available");
      return enqueue(self, self->state.dispatcher->add(job, self->clock().now()));
    },
    [self](activate_atom, const activations_ptr& activations) {
      self->state.refused_activations += self->state.dispatcher->add(*activations);
      pump(self);
    },
    [self](state_atom, std::size_t worker, const worker_report_ptr& update) { take_report(self, worker, update); },
    [self](drain_atom) -> caf::result<bool> {
      const auto promise = self->state.drains.add(self->make_response_promise<bool>());
      pump(self);
      return promise;
    },
    [self](peer_atom, std::size_t worker, const database_worker_peer& peer) {
      if (worker >= self->state.workers.size())
        return;
      deliver(self, self->state.dispatcher->lost(worker));
      self->state.workers[worker] = peer.handle;
      ask_for_report(self, worker);
    },
    [self](peer_atom, const health_peer& peer) {
      self->state.health = peer.handle;
      report(self);
    },
    every(self, period, first_run::after_a_period, tick_v, [self] { tick(self); }),
  };
}

} // namespace cm::actors
