#include "actors/changes/credential_manager.hpp"

#include "actors/changes/change_preparation.hpp"
#include "actors/changes/token_import.hpp"
#include "actors/database/storage_request.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/credentials/token_generator.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

namespace {

using credential_manager_self = credential_manager_actor::stateful_pointer<credential_manager_state>;

// Attempts to generate a token that does not exist yet. Conflicts are rare: there are 62^10 tokens of default length.
constexpr unsigned generation_attempts = 5;

create_result_ptr failed(core::error problem) {
  return std::make_shared<const create_result>(std::move(problem));
}

core::error unavailable(std::string detail) {
  return core::make_error(core::errc::unavailable, "Service Unavailable", std::move(detail));
}

core::error ended() {
  return unavailable("the credential manager ended");
}

// An invalid license forbids changes by operators (REST, import). Changes that devices request, and the deletion of
// tokens of unregistered endpoints, continue.
std::optional<core::error> forbidden_by_license(const credential_manager_state& state, core::channel how) {
  if (state.writes_allowed || (how != core::channel::rest && how != core::channel::import))
    return std::nullopt;
  return core::make_error(core::errc::unavailable, "The license does not allow changes", state.why_not);
}

template <class Then, class Failed>
void ask_gate(credential_manager_self self, storage::command command, core::steady_time deadline, Then then,
              Failed on_failure) {
  request_any_reply(self, self->state.gate, std::move(command), deadline)
    .then(std::move(then),
          [on_failure = std::move(on_failure)](const caf::error& problem) { on_failure(storage_gate_lost(problem)); });
}

// -- new tokens -------------------------------------------------------------------------------------------------------

void store(credential_manager_self self, std::uint64_t id);

void take_stored(credential_manager_self self, std::uint64_t id, const storage_reply<storage::created_token>& created) {
  auto& creations = self->state.creations;
  const auto* creation = creations.find(id);
  if (creation == nullptr)
    return;
  if (!created) {
    const bool taken = created.error().code == core::errc::conflict;
    if (taken && creation->generated && creation->attempts < generation_attempts)
      store(self, id);
    else
      creations.answer(id, failed(created.error()));
    return;
  }
  core::logger("cm.credentials")
    ->info("token {} of endpoint {} created in application {}{}", core::to_string(created->token.id),
           created->token.endpoint_id, created->token.application,
           core::log_fields{{"correlationId", creation->order->origin.correlation_id}});
  creations.answer(id, std::make_shared<const create_result>(created_token_outcome{created->token, creation->value}));
}

void store(credential_manager_self self, std::uint64_t id) {
  auto& state = self->state;
  auto* creation = state.creations.find(id);
  if (creation == nullptr)
    return;
  const auto& request = creation->order->request;
  ++creation->attempts;
  if (creation->generated)
    creation->value = core::generate_token(state.settings.token_length);
  const auto now = core::now_ms();
  storage::create_token command;
  command.id = state.ids.next(now);
  command.hash = state.hasher->hash(request.application_name, creation->value.reveal());
  command.application = request.application_name;
  command.endpoint_id = request.endpoint_id;
  command.at = now;
  command.origin = creation->order->origin;
  request_storage<storage::created_token>(
    self, state.gate, std::move(command), creation->order->deadline,
    [self, id](const storage_reply<storage::created_token>& created) { take_stored(self, id, created); });
}

caf::result<create_result_ptr> create(credential_manager_self self, const create_order_ptr& order) {
  auto& state = self->state;
  if (auto refused = forbidden_by_license(state, order->origin.how))
    return failed(std::move(*refused));
  if (!state.settings.applications->knows(order->request.application_name))
    return failed(core::make_error(core::errc::not_found, "Application not found"));

  const auto id = ++state.last_number;
  credential_manager_state::creation begun;
  begun.order = order;
  begun.generated = !order->request.token.has_value();
  if (!begun.generated)
    begun.value = *order->request.token;
  const auto promise = state.creations.add(id, self->make_response_promise<create_result_ptr>(), std::move(begun));
  store(self, id);
  return promise;
}

// -- other changes ----------------------------------------------------------------------------------------------------

storage_result_ptr failed_change(core::error problem) {
  return std::make_shared<const storage_result>(std::move(problem));
}

void run_change(credential_manager_self self, std::uint64_t id);

// Accumulates the results of a deletion that takes several commands. Returns true if another command has to follow;
// otherwise `answer` becomes the total.
bool gather(credential_manager_state::change& change, storage::deleted_tokens& answer) {
  auto& sum = change.deleted;
  sum.count += answer.count;
  sum.events.insert(sum.events.end(), answer.events.begin(), answer.events.end());
  if (answer.more) {
    if (auto* next = std::get_if<storage::delete_endpoint_tokens>(&change.command)) {
      next->precondition = nullptr; // checked by the first command; tokens have been deleted since
      // Storage recognizes a repeated attempt by its time, so each command of the deletion needs another one.
      next->at = std::max(core::now_ms(), next->at + std::chrono::milliseconds{1});
    }
    return true;
  }
  answer = std::move(sum);
  return false;
}

void invalidate(const credential_manager_state& state, invalidated_tokens tokens) {
  if (state.invalidate)
    (*state.invalidate)(invalidated_tokens_ptr{std::make_shared<const invalidated_tokens>(std::move(tokens))});
}

// Invalidates tokens in this replica's caches before the caller learns that they are no longer valid (contract 4.4):
// the validators' mailboxes receive the invalidation before the response is sent, and so before any later request of
// the caller. If the IDs are unknown, the revocation follower first reads what other replicas have revoked; if it
// fails, the caches are emptied.
void acknowledge(credential_manager_self self, std::uint64_t id, const storage::command& command,
                 const storage_result_ptr& result) {
  auto& state = self->state;
  auto refused = refused_by(command, *result);
  if (!refused.ids.empty())
    invalidate(state, {std::move(refused.ids), false, {}});
  const auto* change = state.changes.find(id);
  if (!refused.others || !state.follower || change == nullptr) {
    state.changes.answer(id, result);
    return;
  }
  const auto until = std::min(self->clock().now() + state.settings.follow_patience, change->deadline);
  request_until(self, state.follower, until, read_v)
    .then(
      [self, id, result](bool done) {
        if (!done)
          invalidate(self->state, {{}, true, {}});
        self->state.changes.answer(id, result);
      },
      [self, id, result](const caf::error&) {
        invalidate(self->state, {{}, true, {}});
        self->state.changes.answer(id, result);
      });
}

void take_changed(credential_manager_self self, std::uint64_t id, const storage_result_ptr& result) {
  auto* change = self->state.changes.find(id);
  if (change == nullptr)
    return;
  const auto command = change->command;
  if (result->has_error()) {
    acknowledge(self, id, command, result);
    return;
  }
  auto events = events_of(**result);
  if (!events.empty())
    self->send(self->state.publisher, publish_v,
               std::make_shared<const std::vector<core::revocation>>(std::move(events)));
  const auto* origin = origin_of(command);
  if (const auto line = describe_change(command, **result); !line.empty() && origin != nullptr)
    core::logger("cm.credentials")->info("{}{}", line, core::log_fields{{"correlationId", origin->correlation_id}});
  if (const auto* deleted = std::get_if<storage::deleted_tokens>(&**result)) {
    auto answer = *deleted;
    if (gather(*change, answer)) {
      run_change(self, id);
      return;
    }
    acknowledge(self, id, command, std::make_shared<const storage_result>(storage::reply{std::move(answer)}));
    return;
  }
  acknowledge(self, id, command, result);
}

void run_change(credential_manager_self self, std::uint64_t id) {
  const auto* change = self->state.changes.find(id);
  if (change == nullptr)
    return;
  ask_gate(
    self, change->command, change->deadline,
    [self, id](const storage_result_ptr& result) { take_changed(self, id, result); },
    [self, id](core::error problem) { self->state.changes.answer(id, failed_change(std::move(problem))); });
}

caf::result<storage_result_ptr> apply(credential_manager_self self, const credential_change_ptr& order) {
  auto& state = self->state;
  if (auto refused = forbidden_by_license(state, order->how))
    return failed_change(std::move(*refused));
  auto prepared = prepare_change(order->command, core::now_ms(), state.ids);
  if (prepared.has_error())
    return failed_change(prepared.error());
  const auto id = ++state.last_number;
  const auto promise = state.changes.add(id, self->make_response_promise<storage_result_ptr>(),
                                         credential_manager_state::change{std::move(*prepared), order->deadline, {}});
  run_change(self, id);
  return promise;
}

// -- imports ----------------------------------------------------------------------------------------------------------

void finish_lines(credential_manager_self self, std::uint64_t id, import_outcome outcome) {
  self->state.imports.answer(id, std::make_shared<const import_outcome>(std::move(outcome)));
}

import_outcome outcome_of(const prepared_import& prepared, const storage_result& result) {
  if (result.has_error())
    return result.error();
  const auto* answer = std::get_if<storage::imported_tokens>(&*result);
  if (answer == nullptr || answer->results.size() != prepared.command.items.size())
    return core::make_error(core::errc::internal, "Internal Server Error",
                            "an import was answered with something else");
  return finish_import(prepared, *answer);
}

caf::result<import_outcome_ptr> import_lines(credential_manager_self self, const import_order_ptr& order) {
  auto& state = self->state;
  if (auto refused = forbidden_by_license(state, order->origin.how))
    return import_outcome_ptr{std::make_shared<const import_outcome>(std::move(*refused))};
  const auto prepared = std::make_shared<const prepared_import>(prepare_import(
    *order, *state.settings.applications, state.settings.token_length, core::now_ms(), state.ids, *state.hasher));
  if (prepared->command.items.empty())
    return import_outcome_ptr{std::make_shared<const import_outcome>(finish_import(*prepared, {}))};
  const auto id = ++state.last_number;
  const auto promise = state.imports.add(id, self->make_response_promise<import_outcome_ptr>());
  ask_gate(
    self, prepared->command, order->deadline,
    [self, id, prepared](const storage_result_ptr& result) {
      if (auto refused = refused_by(prepared->command, *result); !refused.ids.empty())
        invalidate(self->state, {std::move(refused.ids), false, {}});
      finish_lines(self, id, outcome_of(*prepared, *result));
    },
    [self, id](core::error problem) { finish_lines(self, id, std::move(problem)); });
  return promise;
}

} // namespace

credential_manager_state::credential_manager_state()
  : creations(failed(ended())), changes(failed_change(ended())),
    imports(std::make_shared<const import_outcome>(ended())) {}

credential_manager_actor::behavior_type credential_manager(credential_manager_self self,
                                                           credential_manager_settings settings,
                                                           storage_gate_actor gate, event_publisher_actor publisher) {
  harden(self);
  auto& state = self->state;
  state.hasher.emplace(settings.hash_key);
  state.settings = std::move(settings);
  state.gate = std::move(gate);
  state.publisher = std::move(publisher);
  return {
    [self](create_atom, const create_order_ptr& order) { return create(self, order); },
    [self](apply_atom, const credential_change_ptr& order) { return apply(self, order); },
    [self](import_atom, const import_order_ptr& order) { return import_lines(self, order); },
    [self](license_atom, bool writes_allowed, const std::string& why_not) {
      self->state.writes_allowed = writes_allowed;
      self->state.why_not = why_not;
    },
    [self](directory_atom, const application_directory_ptr& known) { self->state.settings.applications = known; },
    [self](peer_atom, const forwarder_ptr& peer) { self->state.invalidate = peer; },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const event_publisher_peer& peer) { self->state.publisher = peer.handle; },
    [self](peer_atom, const revocation_follower_peer& peer) { self->state.follower = peer.handle; },
  };
}

} // namespace cm::actors
