#include "actors/endpoint_remover.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using endpoint_remover_self = endpoint_remover_actor::stateful_pointer<endpoint_remover_state>;
using removal = endpoint_remover_state::removal;

void pump(endpoint_remover_self self);

void done(endpoint_remover_self self) {
  --self->state.running;
  self->state.backoff->reset();
  pump(self);
}

void failed(endpoint_remover_self self, removal what, const std::string& why) {
  auto& state = self->state;
  --state.running;
  state.waiting.push_front(std::move(what));
  if (std::exchange(state.resting, true))
    return;
  const auto pause = state.backoff->next();
  core::logger("cm.elce")->warn("{} unregistered endpoints wait, the next attempt is made in {} ms: {}",
                                state.waiting.size() + state.running, pause.count(), why);
  self->delayed_send(self, pause, tick_v);
}

void remove(endpoint_remover_self self, removal what) {
  auto& state = self->state;
  const auto& endpoint = what.event->items[what.index];
  storage::delete_endpoint_tokens command;
  command.endpoint_id = endpoint.endpoint_id;
  command.origin = {core::channel::elce, {}, endpoint.correlation_id};
  self
    ->request(state.manager, state.settings.patience, apply_v,
              std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::elce}))
    .then(
      [self, what](const storage_result_ptr& result) {
        if (result->has_value()) {
          done(self);
          return;
        }
        const auto& problem = result->error();
        if (core::http_status(problem.code) == 503 || problem.code == core::errc::expired) {
          failed(self, what, problem.detail.empty() ? problem.message : problem.detail);
          return;
        }
        // Trying again would not help: it is not the database's being away.
        core::logger("cm.elce")->error("the tokens of unregistered endpoint {} cannot be deleted: {} {}",
                                       what.event->items[what.index].endpoint_id, problem.message, problem.detail);
        done(self);
      },
      [self, what](const caf::error& problem) { failed(self, what, describe_reason(problem)); });
}

void pump(endpoint_remover_self self) {
  auto& state = self->state;
  while (!state.resting && !state.waiting.empty() && state.running < state.settings.at_once) {
    auto next = std::move(state.waiting.front());
    state.waiting.pop_front();
    ++state.running;
    remove(self, std::move(next));
  }
}

} // namespace

endpoint_remover_actor::behavior_type endpoint_remover(endpoint_remover_self self, endpoint_remover_settings settings,
                                                       credential_manager_actor manager) {
  harden(self);
  auto& state = self->state;
  state.backoff.emplace(settings.backoff);
  state.settings = settings;
  state.manager = std::move(manager);
  return {
    [self](remove_atom, const removed_endpoints_ptr& gone) {
      for (std::size_t i = 0; i < gone->items.size(); ++i)
        self->state.waiting.push_back({gone, i});
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
