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

// After a failure that another attempt may mend.
void rest(endpoint_remover_self self, const std::string& why) {
  auto& state = self->state;
  if (std::exchange(state.resting, true))
    return;
  const auto pause = state.backoff->next();
  core::logger("cm.elce")->warn("{} unregistered endpoints wait, the next attempt is made in {} ms: {}",
                                state.backlog->size(), pause.count(), why);
  self->delayed_send(self, pause, tick_v);
}

bool may_pass(const core::error& problem) {
  return core::is_temporary(problem.code) || problem.code == core::errc::expired;
}

std::string text_of(const core::error& problem) {
  return problem.detail.empty() ? problem.message : problem.detail;
}

// -- deletions --------------------------------------------------------------------------------------------------------

// Its outcome is not known, or it failed: it waits again, as the repetition of this attempt.
void repeat(endpoint_remover_self self, const std::string& endpoint, const std::string& why) {
  self->state.backlog->put_back_attempted(endpoint);
  rest(self, why);
}

void take_removal(endpoint_remover_self self, const std::string& endpoint, const storage_result& result) {
  auto& state = self->state;
  --state.removals;
  if (result.has_error()) {
    auto& attempts = state.attempts[endpoint];
    // An error that nobody knows may pass as well; one that does not must not hold up the others for ever.
    if (may_pass(result.error()) || ++attempts.failures < state.settings.max_failures) {
      repeat(self, endpoint, text_of(result.error()));
      return;
    }
    core::logger("cm.elce")->error("the tokens of unregistered endpoint {} cannot be deleted: {} {}", endpoint,
                                   result.error().message, result.error().detail);
    removal_losses(state.settings.metrics, core::removal_loss::failure).add(endpoint);
  } else {
    state.backoff->reset();
  }
  state.attempts.erase(endpoint);
  state.backlog->done(endpoint);
  pump(self);
}

void remove(endpoint_remover_self self, endpoint_removal what) {
  auto& state = self->state;
  ++state.removals;
  storage::delete_endpoint_tokens command;
  command.endpoint_id = what.endpoint_id;
  command.origin = {core::channel::elce, {}, std::move(what.correlation_id)};
  const auto endpoint = std::move(what.endpoint_id);
  auto& attempts = state.attempts[endpoint];
  // A token that was made after a lost attempt was carried out stays, unless another event has come since.
  command.repeated = state.backlog->take_repetition(endpoint) && attempts.at != core::timestamp{};
  if (!command.repeated)
    attempts.at = core::now_ms();
  command.at = attempts.at;
  request_within(self, state.manager, state.settings.patience, apply_v,
                 std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::elce}))
    .then([self, endpoint](const storage_result_ptr& result) { take_removal(self, endpoint, *result); },
          [self, endpoint](const caf::error& problem) {
            --self->state.removals;
            repeat(self, endpoint, describe_reason(problem));
          });
}

// -- which have tokens ------------------------------------------------------------------------------------------------

void take_check(endpoint_remover_self self, const std::vector<endpoint_removal>& asked,
                const storage_reply<storage::found_endpoints>& found) {
  auto& state = self->state;
  --state.checks;
  if (!found && may_pass(found.error())) {
    std::for_each(asked.rbegin(), asked.rend(), [&](const auto& one) { state.backlog->put_back(one.endpoint_id); });
    rest(self, text_of(found.error()));
    return;
  }
  if (!found) {
    // A question that fails for good must not cost what it is about: each is deleted without it.
    core::logger("cm.elce")->error("the database does not tell which endpoints have tokens: {}",
                                   text_of(found.error()));
    state.found.insert(state.found.end(), asked.begin(), asked.end());
  } else {
    if (found->endpoint_ids.empty() && state.found.empty())
      state.backoff->reset(); // the database may be read-only: what is found shows whether deletions work
    const std::unordered_set<std::string_view> ids(found->endpoint_ids.begin(), found->endpoint_ids.end());
    for (const auto& one : asked) {
      if (ids.count(one.endpoint_id) != 0)
        state.found.push_back(one);
      else
        state.backlog->done(one.endpoint_id);
    }
  }
  pump(self);
}

void check(endpoint_remover_self self, std::vector<endpoint_removal> next) {
  auto& state = self->state;
  ++state.checks;
  storage::find_endpoints command;
  for (const auto& one : next)
    command.endpoint_ids.push_back(one.endpoint_id);
  const auto asked = std::make_shared<const std::vector<endpoint_removal>>(std::move(next));
  request_storage<storage::found_endpoints>(
    self, state.gate, std::move(command), state.settings.check_patience,
    [self, asked](const storage_reply<storage::found_endpoints>& found) { take_check(self, *asked, found); });
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
    every(self, period, first_run::at_once, watch_v, look), // an announcement may have gone to a remover that failed
  };
}

} // namespace cm::actors
