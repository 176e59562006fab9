#include "actors/token_validator.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using token_validator_self = token_validator_actor::stateful_pointer<token_validator_state>;

void send_off(token_validator_self self, reply_batch_ptr replies) {
  if (!replies->empty())
    self->send(self->state.egress, answer_v, std::move(replies));
}

// Answers the calls by what the database knows of their tokens; `found` has one entry a call.
void answer(token_validator_self self, const token_calls_ptr& calls,
            const std::vector<std::optional<storage::found_token>>& found) {
  auto replies = calls->make_replies();
  auto first_uses = std::make_shared<std::vector<storage::activation>>();
  auto waiting = calls->take();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    auto& call = waiting[i];
    const auto code = judge(found[i]);
    if (code == core::errc::not_found && self->state.trustful && trustfully_accepted(call.request)) {
      const auto taken_for = call.request.token; // lives in the message, which the replies keep
      accept(std::move(call), taken_for, taken_for, *replies);
      continue;
    }
    if (code != core::errc::none) {
      refuse(std::move(call), code, *replies);
      continue;
    }
    if (found[i]->status == core::credential_status::inactive)
      first_uses->push_back({found[i]->id, std::string(call.request.correlation_id)});
    accept(std::move(call), core::to_string(found[i]->id), found[i]->endpoint_id, *replies);
  }
  send_off(self, std::move(replies));
  // The answer does not wait for it: a device is not refused because the database cannot write just now.
  if (!first_uses->empty())
    self->send(self->state.gate, activate_v, activations_ptr{std::move(first_uses)});
}

void refuse_all(token_validator_self self, const token_calls_ptr& calls, core::errc code) {
  auto replies = calls->make_replies();
  for (auto& call : calls->take())
    refuse(std::move(call), code, *replies);
  send_off(self, std::move(replies));
}

// Trouble of the database is never an answer about the token: whatever is not a success is 503, or 500 for a fault.
core::errc code_of_failure(core::errc code) noexcept {
  return code == core::errc::overloaded || code == core::errc::internal ? code : core::errc::unavailable;
}

void take_found(token_validator_self self, const token_calls_ptr& calls, std::size_t asked,
                const storage_result_ptr& result) {
  if (result->has_error()) {
    refuse_all(self, calls, code_of_failure(result->error().code));
    return;
  }
  const auto* found = std::get_if<storage::found_tokens>(&**result);
  if (found == nullptr || found->tokens.size() != asked) {
    core::logger("cm.ecap")->error("a look-up of {} tokens was answered with something else", asked);
    refuse_all(self, calls, core::errc::internal);
    return;
  }
  answer(self, calls, found->tokens);
}

void validate(token_validator_self self, const token_calls_ptr& calls) {
  auto& state = self->state;
  auto refused = calls->make_replies();
  auto pending = calls->make_calls();
  auto lookup = std::make_shared<token_lookup>();
  const auto now = core::now_ms();
  for (auto& call : calls->take()) {
    if (const auto code = refuse_early(call.request, *state.applications, now)) {
      refuse(std::move(call), *code, *refused);
      continue;
    }
    lookup->hashes.push_back(state.hasher->hash(call.request.app_name, call.request.token));
    pending->add(std::move(call));
  }
  send_off(self, std::move(refused));
  if (pending->empty())
    return;

  const auto asked = lookup->hashes.size();
  lookup->deadline = self->clock().now() + state.lookup_deadline;
  // The gate answers at its deadline; the time-out here is for a gate that died. `pending` answers for itself if this
  // actor dies.
  self
    ->request(state.gate, state.lookup_deadline + std::chrono::milliseconds{500}, find_v,
              token_lookup_ptr{std::move(lookup)})
    .then([self, pending, asked](const storage_result_ptr& result) { take_found(self, pending, asked, result); },
          [self, pending](const caf::error& problem) {
            core::logger("cm.ecap")->warn("no answer from the storage gate: {}", describe_reason(problem));
            refuse_all(self, pending, core::errc::unavailable);
          });
}

} // namespace

token_validator_actor::behavior_type token_validator(token_validator_self self, token_validator_settings settings,
                                                     storage_gate_actor gate, nats_egress_actor egress) {
  harden(self);
  auto& state = self->state;
  state.hasher.emplace(settings.hash_key);
  state.applications = std::move(settings.applications);
  state.trustful = settings.trustful;
  state.lookup_deadline = settings.lookup_deadline;
  state.gate = std::move(gate);
  state.egress = std::move(egress);
  return {
    [self](validate_atom, const token_calls_ptr& calls) { validate(self, calls); },
    [self](directory_atom, const application_directory_ptr& known) { self->state.applications = known; },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const nats_egress_peer& peer) { self->state.egress = peer.handle; },
  };
}

} // namespace cm::actors
