#include "actors/database/housekeeper.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using housekeeper_self = housekeeper_actor::stateful_pointer<housekeeper_state>;

void rest(housekeeper_self self, std::chrono::milliseconds pause) {
  self->delayed_send(self, pause, tick_v);
}

void take_pruned(housekeeper_self self, const storage_reply<storage::pruned>& pruned, std::uint32_t limit) {
  auto& state = self->state;
  if (!pruned) {
    core::logger("cm.storage")->debug("old rows could not be deleted: {}", pruned.error().message);
    state.round.end();
    rest(self, state.settings.period);
    return;
  }
  if (pruned->audit_rows > 0 || pruned->revocations > 0)
    core::logger("cm.storage")
      ->debug("deleted {} old audit rows and {} old revocations", pruned->audit_rows, pruned->revocations);
  rest(self, state.round.take(*pruned, limit) ? state.settings.pace : state.settings.period);
}

void clean(housekeeper_self self) {
  auto& state = self->state;
  storage::prune command;
  command.audit_retention = state.settings.audit_retention;
  command.revocations_retention = state.settings.revocations_retention;
  command.audit_after = state.round.after();
  const auto limit = command.limit;
  request_storage<storage::pruned>(
    self, state.gate, command, state.settings.deadline,
    [self, limit](const storage_reply<storage::pruned>& pruned) { take_pruned(self, pruned, limit); });
}

} // namespace

housekeeper_actor::behavior_type housekeeper(housekeeper_self self, housekeeper_settings settings,
                                             storage_gate_actor gate) {
  harden(self);
  auto& state = self->state;
  state.settings = settings;
  state.gate = std::move(gate);
  rest(self, state.settings.period);
  return {
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](tick_atom) { clean(self); },
  };
}

} // namespace cm::actors
