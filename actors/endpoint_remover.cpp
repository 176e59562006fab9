#include "actors/endpoint_remover.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using endpoint_remover_self = endpoint_remover_actor::stateful_pointer<endpoint_remover_state>;

void pump(endpoint_remover_self self);

void done(endpoint_remover_self self, std::uint64_t number) {
  self->state.running.erase(number);
  self->state.backoff->reset();
  pump(self);
}

void failed(endpoint_remover_self self, std::uint64_t number, const std::string& why) {
  auto& state = self->state;
  auto what = state.running.extract(number);
  if (what.empty())
    return;
  state.backlog->waiting.push_front(std::move(what.mapped()));
  if (std::exchange(state.resting, true))
    return;
  const auto pause = state.backoff->next();
  core::logger("cm.elce")->warn("{} unregistered endpoints wait, the next attempt is made in {} ms: {}",
                                state.backlog->waiting.size() + state.running.size(), pause.count(), why);
  self->delayed_send(self, pause, tick_v);
}

void take_result(endpoint_remover_self self, std::uint64_t number, const std::string& endpoint,
                 const storage_result& result) {
  if (result.has_value()) {
    done(self, number);
    return;
  }
  const auto& problem = result.error();
  if (core::http_status(problem.code) == 503 || problem.code == core::errc::expired) {
    failed(self, number, problem.detail.empty() ? problem.message : problem.detail);
    return;
  }
  // Trying again would not help: it is not the database's being away.
  core::logger("cm.elce")->error("the tokens of unregistered endpoint {} cannot be deleted: {} {}", endpoint,
                                 problem.message, problem.detail);
  done(self, number);
}

void remove(endpoint_remover_self self, endpoint_removal what) {
  auto& state = self->state;
  const auto& endpoint = what.event->items[what.index];
  storage::delete_endpoint_tokens command;
  command.endpoint_id = endpoint.endpoint_id;
  command.origin = {core::channel::elce, {}, endpoint.correlation_id};
  const auto number = ++state.last_number;
  const auto name = endpoint.endpoint_id;
  state.running.emplace(number, std::move(what));
  request_within(self, state.manager, state.settings.patience, apply_v,
                 std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::elce}))
    .then([self, number, name](const storage_result_ptr& result) { take_result(self, number, name, *result); },
          [self, number](const caf::error& problem) { failed(self, number, describe_reason(problem)); });
}

void pump(endpoint_remover_self self) {
  auto& state = self->state;
  auto& waiting = state.backlog->waiting;
  while (!state.resting && !waiting.empty() && state.running.size() < state.settings.at_once) {
    auto next = std::move(waiting.front());
    waiting.pop_front();
    remove(self, std::move(next));
  }
}

} // namespace

endpoint_remover_state::~endpoint_remover_state() {
  for (auto& [number, what] : running)
    backlog->waiting.push_front(std::move(what));
}

endpoint_remover_actor::behavior_type endpoint_remover(endpoint_remover_self self, endpoint_remover_settings settings,
                                                       std::shared_ptr<removal_backlog> backlog,
                                                       credential_manager_actor manager) {
  harden(self);
  auto& state = self->state;
  state.backoff.emplace(settings.backoff);
  state.settings = settings;
  state.backlog = std::move(backlog);
  state.manager = std::move(manager);
  self->send(self, tick_v);
  return {
    [self](remove_atom, const removed_endpoints_ptr& gone) {
      for (std::size_t i = 0; i < gone->items.size(); ++i)
        self->state.backlog->waiting.push_back({gone, i});
      pump(self);
    },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.manager = peer.handle; },
    [self](tick_atom) {
      self->state.resting = false;
      pump(self);
    },
  };
}

} // namespace cm::actors
