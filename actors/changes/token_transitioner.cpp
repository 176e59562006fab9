#include "actors/changes/token_transitioner.hpp"

#include "actors/nats/pending_requests.hpp"
#include "actors/nats/token_request_checks.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using token_transitioner_self = token_transitioner_actor::stateful_pointer<token_transitioner_state>;

void answer_one(token_transitioner_self self, const pending_transition_requests_ptr& pending, core::errc code) {
  auto replies = pending->make_replies();
  for (auto& request : pending->take())
    refuse(std::move(request), code, *replies);
  self->send(self->state.egress, answer_v, std::move(replies));
}

// Maps the manager's result to a response code. Errors that say nothing about the token become `unavailable`.
core::errc answer_code(const storage_result& result) noexcept {
  if (result.has_value())
    return core::errc::none;
  switch (result.error().code) {
  case core::errc::not_found:
  case core::errc::conflict:
  case core::errc::overloaded:
  case core::errc::internal:
    return result.error().code;
  default:
    return core::errc::unavailable;
  }
}

void change(token_transitioner_self self, pending_transition_request received,
            const pending_transition_requests& from) {
  auto& state = self->state;
  const auto& request = received.request;
  storage::change_token_status command;
  command.which = state.hasher->hash(request.app_name, request.token);
  command.target = *core::parse_credential_status(request.target_status);
  command.origin = {core::channel::ecap, {}, std::string(core::kept_correlation_id(request.correlation_id))};
  const auto deadline =
    deadline_of(request, received.arrived, state.settings.bound, {self->clock().now(), core::now_ms()});
  auto pending = from.make_pending(); // its destructor answers 503 if nothing else has answered
  pending->add(std::move(received));
  request_until(
    self, state.manager, deadline + manager_grace, apply_v,
    std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::ecap, deadline}))
    .then([self, pending](const storage_result_ptr& result) { answer_one(self, pending, answer_code(*result)); },
          [self, pending](const caf::error& problem) {
            core::logger("cm.ecap")->warn("no answer from the credential manager: {}", describe_reason(problem));
            answer_one(self, pending, core::errc::unavailable);
          });
}

void take(token_transitioner_self self, const pending_transition_requests_ptr& requests) {
  auto refused = requests->make_replies();
  const auto now = core::now_ms();
  for (auto& received : requests->take()) {
    if (const auto code = refuse_early(received.request, *self->state.settings.applications, now))
      refuse(std::move(received), *code, *refused);
    else
      change(self, std::move(received), *requests);
  }
  if (!refused->empty())
    self->send(self->state.egress, answer_v, std::move(refused));
}

} // namespace

token_transitioner_actor::behavior_type token_transitioner(token_transitioner_self self,
                                                           token_transitioner_settings settings,
                                                           credential_manager_actor manager, nats_egress_actor egress) {
  harden(self);
  auto& state = self->state;
  state.hasher.emplace(settings.hash_key);
  state.settings = std::move(settings);
  state.manager = std::move(manager);
  state.egress = std::move(egress);
  return {
    [self](validate_atom, const pending_transition_requests_ptr& requests) { take(self, requests); },
    [self](directory_atom, const application_directory_ptr& known) { self->state.settings.applications = known; },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.manager = peer.handle; },
    [self](peer_atom, const nats_egress_peer& peer) { self->state.egress = peer.handle; },
  };
}

} // namespace cm::actors
