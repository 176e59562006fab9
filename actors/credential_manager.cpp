#include "actors/credential_manager.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"
#include "core/token_generator.hpp"

#include <utility>

namespace cm::actors {

namespace {

using credential_manager_self = credential_manager_actor::stateful_pointer<credential_manager_state>;

// A generated token that is taken already (62^10 of them) is generated anew so many times.
constexpr unsigned generation_attempts = 5;

create_result_ptr failed(core::error problem) {
  return std::make_shared<const create_result>(std::move(problem));
}

void finish(credential_manager_self self, std::uint64_t id, create_result_ptr result) {
  const auto at = self->state.creations.find(id);
  if (at == self->state.creations.end())
    return;
  auto promise = std::move(at->second.promise);
  self->state.creations.erase(at);
  promise.deliver(std::move(result));
}

void store(credential_manager_self self, std::uint64_t id);

void take_stored(credential_manager_self self, std::uint64_t id, const storage_result_ptr& result) {
  const auto at = self->state.creations.find(id);
  if (at == self->state.creations.end())
    return;
  auto& creation = at->second;
  if (result->has_error()) {
    const bool taken = result->error().code == core::errc::conflict;
    if (taken && creation.generated && creation.attempts < generation_attempts) {
      store(self, id);
      return;
    }
    auto problem = result->error();
    // The command may have waited past its deadline: for the client that is a service that is away.
    if (problem.code == core::errc::expired)
      problem = core::make_error(core::errc::unavailable, "Service Unavailable", problem.detail);
    finish(self, id, failed(std::move(problem)));
    return;
  }
  const auto* created = std::get_if<storage::created_token>(&**result);
  if (created == nullptr) {
    finish(self, id,
           failed(core::make_error(core::errc::internal, "Internal Server Error",
                                   "a creation was answered with something else")));
    return;
  }
  core::logger("cm.credentials")
    ->info("token {} of endpoint {} created in application {}{}", core::to_string(created->token.id),
           created->token.endpoint_id, created->token.application,
           core::log_fields{{"correlationId", creation.order->origin.correlation_id}});
  finish(self, id, std::make_shared<const create_result>(created_token_outcome{created->token, creation.value}));
}

void store(credential_manager_self self, std::uint64_t id) {
  auto& state = self->state;
  auto& creation = state.creations.at(id);
  const auto& request = creation.order->request;
  ++creation.attempts;
  if (creation.generated)
    creation.value = core::generate_token(state.settings.token_length);
  const auto now = core::now_ms();
  storage::create_token command;
  command.id = state.ids.next(now);
  command.hash = state.hasher->hash(request.application_name, creation.value.reveal());
  command.application = request.application_name;
  command.endpoint_id = request.endpoint_id;
  command.at = now;
  command.origin = creation.order->origin;
  auto job =
    std::make_shared<const storage_job>(storage_job{std::move(command), self->clock().now() + state.settings.deadline});
  self->request(state.gate, state.settings.deadline + std::chrono::milliseconds{500}, execute_v, std::move(job))
    .then([self, id](const storage_result_ptr& result) { take_stored(self, id, result); },
          [self, id](const caf::error& problem) {
            finish(self, id,
                   failed(core::make_error(core::errc::unavailable, "Service Unavailable",
                                           "storage gate: " + describe_reason(problem))));
          });
}

caf::result<create_result_ptr> create(credential_manager_self self, const create_order_ptr& order) {
  auto& state = self->state;
  if (!state.writes_allowed)
    return failed(core::make_error(core::errc::unavailable, "The license does not allow changes", state.why_not));
  if (!is_known_application(*state.settings.applications, order->request.application_name))
    return failed(core::make_error(core::errc::not_found, "Application not found"));

  const auto id = ++state.last_creation;
  credential_manager_state::creation begun;
  begun.order = order;
  begun.generated = !order->request.token.has_value();
  if (!begun.generated)
    begun.value = *order->request.token;
  begun.promise = self->make_response_promise<create_result_ptr>();
  const auto promise = begun.promise;
  state.creations.emplace(id, std::move(begun));
  store(self, id);
  return promise;
}

} // namespace

credential_manager_state::~credential_manager_state() {
  for (auto& [id, pending] : creations)
    pending.promise.deliver(
      failed(core::make_error(core::errc::unavailable, "Service Unavailable", "the credential manager ended")));
}

credential_manager_actor::behavior_type
credential_manager(credential_manager_self self, credential_manager_settings settings, storage_gate_actor gate) {
  harden(self);
  auto& state = self->state;
  state.hasher.emplace(settings.hash_key);
  state.settings = std::move(settings);
  state.gate = std::move(gate);
  return {
    [self](create_atom, const create_order_ptr& order) { return create(self, order); },
    [self](license_atom, bool writes_allowed, const std::string& why_not) {
      self->state.writes_allowed = writes_allowed;
      self->state.why_not = why_not;
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
  };
}

} // namespace cm::actors
