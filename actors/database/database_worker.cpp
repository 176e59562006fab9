#include "actors/database/database_worker.hpp"

#include "actors/runtime/hardening.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using database_worker_self = database_worker_actor::stateful_pointer<database_worker_state>;

void report(database_worker_self self) {
  auto& state = self->state;
  auto update = std::make_shared<worker_report>();
  update->connected = state.session->connected();
  update->refused = state.session->refused();
  if (const auto server = state.session->server()) {
    update->server = server->address;
    update->version = server->version;
  }
  if (!update->connected)
    update->error = state.session->last_error();
  state.reported_connected = update->connected;
  self->send(state.listener, state_v, state.index, worker_report_ptr{std::move(update)});
}

bool has_to_connect(const database_worker_state& state) {
  return !state.session->connected() || state.session->left_behind();
}

void connect_if_due(database_worker_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (!has_to_connect(state) || state.session->refused() || now < state.next_attempt)
    return;
  const auto done = state.session->connect();
  if (done.has_error()) {
    const auto delay = state.backoff->next();
    state.next_attempt = self->clock().now() + delay;
    // DEBUG only: the storage gate logs one warning for the database as a whole.
    core::logger("cm.storage")
      ->debug("database worker {} cannot connect, and will try again: {}", state.index, state.session->last_error());
    report(self);
    return;
  }
  state.backoff->reset();
  core::logger("cm.storage")->debug("database worker {} is connected", state.index);
  report(self);
}

// Schedules a tick while there is no connection to the preferred host. With such a connection none is needed: the
// handlers that detect its loss, or a change of the preferred host, call this again.
void arm_where_needed(database_worker_self self) {
  auto& state = self->state;
  if (!has_to_connect(state) || state.armed)
    return;
  state.armed = true;
  self->delayed_send(self, state.tick, tick_v);
}

} // namespace

database_worker_actor::behavior_type database_worker(database_worker_self self, database_worker_settings settings,
                                                     worker_listener_actor listener) {
  harden(self);
  auto& state = self->state;
  state.tick = settings.tick;
  state.index = settings.index;
  state.listener = std::move(listener);
  state.thread = std::make_unique<storage::client_thread>();
  state.session = std::make_unique<storage::session>(std::move(settings.database), settings.newer, settings.hash_key,
                                                     std::move(settings.hosts));
  state.backoff.emplace(core::backoff_settings{});
  self->send(self, tick_v);
  return {
    [self](execute_atom, const storage_job_ptr& job) {
      auto& s = self->state;
      auto result = std::make_shared<const storage_result>(s.session->execute(job->command, job->deadline));
      if (result->has_error() && !result->error().detail.empty() && result->error().code != core::errc::conflict)
        core::logger("cm.storage")->warn("database worker {}: {}", s.index, result->error().detail);
      if (s.session->connected() != s.reported_connected) {
        s.next_attempt = self->clock().now();
        report(self);
      }
      arm_where_needed(self);
      return storage_result_ptr{std::move(result)};
    },
    [self](peer_atom, const worker_listener_peer& peer) {
      self->state.listener = peer.handle;
      report(self);
    },
    [self](follow_atom) {
      connect_if_due(self);
      arm_where_needed(self);
    },
    [self](reload_atom, const settings_ptr& settings) {
      auto& s = self->state;
      s.session->replace_login(settings->database);
      s.backoff->reset();
      s.next_attempt = self->clock().now();
      connect_if_due(self);
      arm_where_needed(self);
    },
    [self](tick_atom) {
      self->state.armed = false;
      connect_if_due(self);
      arm_where_needed(self);
    },
  };
}

} // namespace cm::actors
