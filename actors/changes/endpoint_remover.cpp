#include "actors/changes/endpoint_remover.hpp"

#include "actors/changes/removal_losses.hpp"
#include "actors/database/storage_request.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

using endpoint_remover_self = endpoint_remover_actor::stateful_pointer<endpoint_remover_state>;

void pump(endpoint_remover_self self);

// Pauses all work after a transient failure.
void rest(endpoint_remover_self self, const std::string& why) {
  auto& state = self->state;
  if (std::exchange(state.resting, true))
    return;
  const auto pause = state.backoff->next();
  core::logger("cm.elce")->warn("{} unregistered endpoints are pending, next attempt in {} ms: {}",
                                state.backlog->size(), pause.count(), why);
  self->delayed_send(self, pause, tick_v);
}

bool is_transient(const core::error& problem) {
  return core::is_temporary(problem.code) || problem.code == core::errc::expired;
}

std::string text_of(const core::error& problem) {
  return problem.detail.empty() ? problem.message : problem.detail;
}

// -- deletions --------------------------------------------------------------------------------------------------------

// The deletion failed, or its outcome is unknown: the endpoint returns to the backlog, and the next attempt is marked
// as a repetition of this one.
void repeat(endpoint_remover_self self, const std::string& endpoint, const std::string& why) {
  self->state.backlog->put_back_attempted(endpoint);
  rest(self, why);
}

void take_removal(endpoint_remover_self self, const std::string& endpoint, const storage_result& result) {
  auto& state = self->state;
  --state.removals;
  if (result.has_error()) {
    auto& attempts = state.attempts[endpoint];
    // Unexpected errors may be transient as well, so they are retried; but only max_failures times, because an endpoint
    // that always fails must not block the others.
    if (is_transient(result.error()) || ++attempts.failures < state.settings.max_failures) {
      repeat(self, endpoint, text_of(result.error()));
      return;
    }
    core::logger("cm.elce")->error("the tokens of unregistered endpoint {} cannot be deleted: {} {}", endpoint,
                                   result.error().message, result.error().detail);
    removal_losses(state.settings.metrics, removal_loss::failure).add(endpoint);
  } else {
    state.backoff->reset();
  }
  state.attempts.erase(endpoint);
  state.backlog->done(endpoint);
  pump(self);
}

void remove(endpoint_remover_self self, endpoint_removal removal) {
  auto& state = self->state;
  ++state.removals;
  storage::delete_endpoint_tokens command;
  command.endpoint_id = removal.endpoint_id;
  command.origin = {core::channel::elce, {}, std::move(removal.correlation_id)};
  const auto endpoint = std::move(removal.endpoint_id);
  auto& attempts = state.attempts[endpoint];
  // With `repeated`, storage keeps tokens that were created after a lost attempt was committed. A new event of the
  // endpoint means that these have to be deleted too.
  command.repeated = state.backlog->take_repetition(endpoint) && attempts.at != core::timestamp{};
  if (!command.repeated)
    attempts.at = core::now_ms();
  command.at = attempts.at;
  const auto deadline = self->clock().now() + state.settings.patience;
  request_until(
    self, state.manager, deadline + manager_grace, apply_v,
    std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::elce, deadline}))
    .then([self, endpoint](const storage_result_ptr& result) { take_removal(self, endpoint, *result); },
          [self, endpoint](const caf::error& problem) {
            --self->state.removals;
            repeat(self, endpoint, describe_reason(problem));
          });
}

// -- checks which endpoints have tokens -------------------------------------------------------------------------------

void take_check(endpoint_remover_self self, const std::vector<endpoint_removal>& checked,
                const storage_reply<storage::found_endpoints>& found) {
  auto& state = self->state;
  --state.checks;
  if (!found && is_transient(found.error())) {
    std::for_each(checked.rbegin(), checked.rend(),
                  [&](const auto& removal) { state.backlog->put_back(removal.endpoint_id); });
    rest(self, text_of(found.error()));
    return;
  }
  if (!found) {
    // A permanent failure of the check must not lose its endpoints: the deletion of each is tried without a check.
    core::logger("cm.elce")->error("the check which endpoints have tokens failed: {}", text_of(found.error()));
    state.found.insert(state.found.end(), checked.begin(), checked.end());
  } else {
    if (found->endpoint_ids.empty() && state.found.empty())
      state.backoff->reset(); // else a deletion decides: a read-only database answers checks, but rejects deletions
    const std::unordered_set<std::string_view> ids(found->endpoint_ids.begin(), found->endpoint_ids.end());
    for (const auto& removal : checked) {
      if (ids.count(removal.endpoint_id) != 0)
        state.found.push_back(removal);
      else
        state.backlog->done(removal.endpoint_id);
    }
  }
  pump(self);
}

void check(endpoint_remover_self self, std::vector<endpoint_removal> next) {
  auto& state = self->state;
  ++state.checks;
  storage::find_endpoints command;
  for (const auto& removal : next)
    command.endpoint_ids.push_back(removal.endpoint_id);
  const auto checked = std::make_shared<const std::vector<endpoint_removal>>(std::move(next));
  request_storage<storage::found_endpoints>(
    self, state.gate, std::move(command), state.settings.check_patience,
    [self, checked](const storage_reply<storage::found_endpoints>& found) { take_check(self, *checked, found); });
}

void pump(endpoint_remover_self self) {
  auto& state = self->state;
  while (!state.resting && !state.found.empty() && state.removals < state.settings.at_once) {
    auto next = std::move(state.found.front());
    state.found.pop_front();
    remove(self, std::move(next));
  }
  while (!state.resting && state.found.size() < storage::max_batch && state.checks < state.settings.checks_at_once) {
    auto next = state.backlog->take(storage::max_batch);
    if (next.empty())
      return;
    check(self, std::move(next));
  }
}

} // namespace

endpoint_remover_state::~endpoint_remover_state() {
  if (backlog)
    backlog->put_back_all();
}

endpoint_remover_actor::behavior_type endpoint_remover(endpoint_remover_self self, endpoint_remover_settings settings,
                                                       std::shared_ptr<removal_backlog> backlog,
                                                       credential_manager_actor manager, storage_gate_actor gate) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.look;
  state.backoff.emplace(settings.backoff);
  state.settings = std::move(settings);
  state.backlog = std::move(backlog);
  state.manager = std::move(manager);
  state.gate = std::move(gate);
  const auto look = [self] {
    self->state.backlog->announced();
    pump(self);
  };
  return {
    [look](remove_atom) { look(); },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.manager = peer.handle; },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](tick_atom) {
      self->state.resting = false;
      pump(self);
    },
    every(self, period, first_run::at_once, watch_v, look), // an announcement may have been lost with a failed remover
  };
}

} // namespace cm::actors
