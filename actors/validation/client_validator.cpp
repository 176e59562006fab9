#include "actors/validation/client_validator.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "actors/validation/client_validation.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/credentials/password_hash.hpp"
#include "core/observability/damaged_rows.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

struct login {
  pending_password_requests_ptr call; ///< exactly one request; its destructor replies 503
  std::string username;               ///< empty for null
  bool known = false;                 ///< the same password was right lately: in no lane, since it cannot be a guess
  bool complete = false; ///< has a username and a password; else it is refused after the same work, and in no lane
  std::string correlation_id;
  std::optional<core::client_credential> found;
  core::secret phc;
  core::steady_time deadline;
};

namespace {

using client_validator_self = client_validator_actor::stateful_pointer<client_validator_state>;

void answer_with(client_validator_self self, reply_batch_ptr replies) {
  if (!replies->empty())
    self->send(self->state.egress, answer_v, std::move(replies));
}

template <class Calls, class... Values>
void accept_all(client_validator_self self, const std::shared_ptr<Calls>& calls, const Values&... values) {
  auto replies = calls->make_replies();
  for (auto& call : calls->take())
    accept(std::move(call), values..., *replies);
  answer_with(self, std::move(replies));
}

// -- uses -------------------------------------------------------------------------------------------------------------

void note_use(client_validator_self self, const core::client_credential& used, std::string_view correlation_id) {
  auto& state = self->state;
  const auto now = core::now_ms();
  if (!state.recorder.due(used.id, now))
    return;
  if (state.uses.size() >= state.settings.max_uses) {
    state.recorder.not_written(used.id);
    return;
  }
  state.uses.push_back({used.kind, used.id, std::string(core::kept_correlation_id(correlation_id)), now});
}

void write_uses(client_validator_self self) {
  auto& state = self->state;
  if (state.writing)
    return;
  if (state.uses.empty()) {
    state.drains.answer(true);
    return;
  }
  state.writing = true;
  const auto count = std::min(state.uses.size(), storage::max_batch);
  storage::use_clients command;
  command.actor = state.settings.replica;
  command.items.assign(state.uses.begin(), state.uses.begin() + static_cast<std::ptrdiff_t>(count));
  const auto done = [self, count](bool written) {
    auto& s = self->state;
    s.writing = false;
    // Uses that could not be written stay in the list until the next tick.
    if (written)
      s.uses.erase(s.uses.begin(), s.uses.begin() + static_cast<std::ptrdiff_t>(count));
    if (written && (s.uses.size() >= storage::max_batch || !s.drains.empty()))
      write_uses(self);
    else if (!written)
      s.drains.answer(false);
  };
  request_storage<storage::used_clients>(
    self, state.gate, std::move(command), state.settings.deadline,
    [done](const storage_reply<storage::used_clients>& written) { done(written.has_value()); });
}

// -- username and password --------------------------------------------------------------------------------------------

using login_ptr = std::shared_ptr<login>;

void store_rehash(client_validator_self self, const login& attempt, const core::secret& phc) {
  storage::rehash_password command;
  command.id = attempt.found->id;
  command.old_phc = attempt.phc;
  command.new_phc = phc;
  request_storage<storage::used_clients>(
    self, self->state.gate, std::move(command), self->state.settings.deadline,
    [](const storage_reply<storage::used_clients>& stored) {
      if (!stored)
        core::logger("cm.credentials")
          ->info("a stronger hash was not stored, the next login will try again: {}", stored.error().message);
    });
}

void run(client_validator_self self, const login_ptr& attempt);

// An attempt for this username has ended: starts the waiting ones as far as the attempt limit allows.
void leave_lane(client_validator_self self, const login& attempt) {
  auto& state = self->state;
  if (!attempt.complete || attempt.known)
    return;
  const auto& username = attempt.username;
  const auto found = state.lanes.find(username);
  if (found == state.lanes.end())
    return;
  auto& lane = found->second;
  --lane.running;
  while (!lane.waiting.empty()) {
    const auto left = state.limiter.left(username, self->clock().now());
    if (left > 0 && lane.running >= left)
      break;
    const auto next = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    if (left == 0) {
      answer_with(self, refuse_all(*next->call, core::errc::throttled));
      continue;
    }
    ++lane.running;
    run(self, next);
  }
  if (lane.running == 0)
    state.lanes.erase(found);
}

// Ends an attempt without success.
void refuse_login(client_validator_self self, const login_ptr& attempt, core::errc code) {
  answer_with(self, refuse_all(*attempt->call, code));
  leave_lane(self, *attempt);
}

// The call holds its request until it is answered.
std::string_view password_of(const login& attempt) {
  const auto& password = attempt.call->peek().front().request.password;
  return password ? std::string_view(*password) : std::string_view{};
}

void take_verdict(client_validator_self self, const login_ptr& attempt, const password_result_ptr& result) {
  auto& state = self->state;
  if (result->has_error()) {
    refuse_login(self, attempt, code_of_failure(result->error().code));
    return;
  }
  if (!attempt->complete) {
    refuse_login(self, attempt, core::errc::unauthenticated);
    return;
  }
  const auto& verdict = **result;
  if (verdict.refused) {
    state.limiter.failed(attempt->username, self->clock().now());
    refuse_login(self, attempt, core::errc::overloaded);
    return;
  }
  if (!attempt->found && state.settings.trustful) {
    accept_all(self, attempt->call, std::string_view(attempt->username), std::string_view(attempt->username));
    leave_lane(self, *attempt);
    return;
  }
  if (!attempt->found || !verdict.right) {
    if (attempt->known)
      state.known.forget(attempt->username);
    state.limiter.failed(attempt->username, self->clock().now());
    refuse_login(self, attempt, core::errc::unauthenticated);
    return;
  }
  if (!verdict.phc.empty())
    store_rehash(self, *attempt, verdict.phc);
  const auto code = judge(*attempt->found);
  if (code != core::errc::none) {
    state.known.forget(attempt->username);
    refuse_login(self, attempt, code);
    return;
  }
  state.known.succeeded(attempt->username, password_of(*attempt), self->clock().now());
  note_use(self, *attempt->found, attempt->correlation_id);
  accept_all(self, attempt->call, *attempt->found);
  leave_lane(self, *attempt);
}

void verify(client_validator_self self, const login_ptr& attempt) {
  password_job job;
  const auto unproven = attempt->found ? password_class::named : password_class::unnamed;
  job.of = attempt->known ? password_class::returning : unproven;
  job.password = core::secret(std::string(password_of(*attempt)));
  job.phc = attempt->phc;
  job.deadline = attempt->deadline;
  request_until(self, self->state.passwords, attempt->deadline + gate_grace, password_v,
                password_job_ptr{std::make_shared<const password_job>(std::move(job))})
    .then([self, attempt](const password_result_ptr& result) { take_verdict(self, attempt, result); },
          [self, attempt](const caf::error& problem) {
            core::logger("cm.ecap")->warn("no answer from the password pool: {}", describe_reason(problem));
            refuse_login(self, attempt, core::errc::unavailable);
          });
}

void take_found(client_validator_self self, const login_ptr& attempt,
                const storage_reply<storage::found_basic>& found) {
  if (!found) {
    refuse_login(self, attempt, code_of_failure(found.error().code));
    return;
  }
  if (found->credential && !core::can_verify(found->password_phc)) {
    core::report_damaged_row("basic_credential", found->credential->id,
                             "its password hash is malformed, or verifying it costs more than CM permits; set the "
                             "password of this credential again");
    refuse_login(self, attempt, core::errc::internal);
    return;
  }
  attempt->found = found->credential;
  attempt->phc = found->password_phc;
  verify(self, attempt);
}

void run(client_validator_self self, const login_ptr& attempt) {
  request_storage<storage::found_basic>(
    self, self->state.gate, storage::find_basic{attempt->username}, attempt->deadline,
    [self, attempt](const storage_reply<storage::found_basic>& found) { take_found(self, attempt, found); });
}

bool is_known(client_validator_self self, const pending_password_request& call) {
  return self->state.known.knows(*call.request.username, *call.request.password, self->clock().now());
}

void begin_login(client_validator_self self, pending_password_request call, const pending_password_requests& from) {
  auto& state = self->state;
  auto attempt = std::make_shared<login>();
  attempt->username = call.request.username.value_or("");
  attempt->complete = names_login(call.request);
  attempt->correlation_id = core::kept_correlation_id(call.request.correlation_id);
  attempt->deadline =
    deadline_of(call.request, call.arrived, state.settings.deadline, {self->clock().now(), core::now_ms()});
  attempt->known = attempt->complete && is_known(self, call);
  attempt->call = from.make_pending();
  attempt->call->add(std::move(call));
  if (!attempt->complete || attempt->known) {
    run(self, attempt);
    return;
  }
  auto& lane = state.lanes[attempt->username];
  if (lane.running >= state.limiter.left(attempt->username, self->clock().now())) {
    lane.waiting.push_back(attempt);
    return;
  }
  ++lane.running;
  run(self, attempt);
}

// Attempts that wait behind others for their username are answered at their deadlines too.
void refuse_overdue(client_validator_self self) {
  const auto now = self->clock().now();
  for (auto& [username, lane] : self->state.lanes) {
    std::erase_if(lane.waiting, [&](const login_ptr& attempt) {
      if (attempt->deadline > now)
        return false;
      answer_with(self, refuse_all(*attempt->call, core::errc::unavailable));
      return true;
    });
  }
}

void validate(client_validator_self self, const pending_password_requests_ptr& calls) {
  auto& state = self->state;
  auto refused = calls->make_replies();
  const auto now = core::now_ms();
  for (auto& call : calls->take()) {
    if (const auto code = refuse_early(call.request, now))
      refuse(std::move(call), *code, *refused);
    else if (names_login(call.request) && state.limiter.blocked(*call.request.username, self->clock().now())
             && !is_known(self, call))
      refuse(std::move(call), core::errc::throttled, *refused);
    else
      begin_login(self, std::move(call), *calls);
  }
  answer_with(self, std::move(refused));
}

// -- certificates -----------------------------------------------------------------------------------------------------

void answer_certificates(client_validator_self self, const pending_certificate_requests_ptr& calls,
                         const std::vector<certificate_name>& names, const storage::found_x509& found) {
  auto replies = calls->make_replies();
  auto waiting = calls->take();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    auto& call = waiting[i];
    const auto& credential = found.credentials[i];
    if (!credential && self->state.settings.trustful) {
      const auto name = names[i].issuer + "/" + names[i].serial_number;
      accept(std::move(call), name, name, *replies);
      continue;
    }
    const auto code = credential ? judge(*credential) : core::errc::unauthenticated;
    if (code != core::errc::none) {
      refuse(std::move(call), code, *replies);
      continue;
    }
    note_use(self, *credential, call.request.correlation_id);
    accept(std::move(call), *credential, *replies);
  }
  answer_with(self, std::move(replies));
}

void look_up(client_validator_self self, const pending_certificate_requests_ptr& calls,
             std::vector<certificate_name> names, core::steady_time deadline) {
  storage::find_x509 command;
  for (const auto& name : names) {
    for (const auto& other : name.other_subjects)
      command.other_subjects.push_back({command.subjects.size(), other});
    if (name.identity)
      command.identities.push_back({command.subjects.size(), *name.identity});
    command.subjects.push_back(name.subject);
  }
  request_storage<storage::found_x509>(
    self, self->state.gate, std::move(command), deadline,
    [self, calls, names = std::move(names)](const storage_reply<storage::found_x509>& found) {
      if (!found)
        answer_with(self, refuse_all(*calls, code_of_failure(found.error().code)));
      else if (found->credentials.size() != names.size())
        answer_with(self, refuse_all(*calls, core::errc::internal));
      else
        answer_certificates(self, calls, names, *found);
    });
}

// A request whose own timeout ends earlier than those of the others has a look-up of its own; the storage gate joins
// look-ups that wait.
void validate(client_validator_self self, const pending_certificate_requests_ptr& calls) {
  auto refused = calls->make_replies();
  auto pending = calls->make_pending();
  std::vector<certificate_name> names;
  const auto now = core::now_ms();
  const auto steady_now = self->clock().now();
  const auto bound = self->state.settings.deadline;
  auto common = steady_now + bound;
  for (auto& call : calls->take()) {
    auto name = read_certificate(call.request, now);
    if (name.has_error()) {
      refuse(std::move(call), name.error().code, *refused);
      continue;
    }
    common = request_deadline{call.arrived, bound}.at(); // those of a batch have arrived together
    const auto deadline = deadline_of(call.request, call.arrived, bound, {steady_now, now});
    if (deadline < common) {
      auto alone = calls->make_pending();
      alone->add(std::move(call));
      look_up(self, alone, {std::move(*name)}, deadline);
      continue;
    }
    names.push_back(std::move(*name));
    pending->add(std::move(call));
    if (names.size() == storage::max_batch)
      look_up(self, std::exchange(pending, calls->make_pending()), std::exchange(names, {}), common);
  }
  answer_with(self, std::move(refused));
  if (!names.empty())
    look_up(self, pending, std::move(names), common);
}

} // namespace

client_validator_actor::behavior_type client_validator(client_validator_self self, client_validator_settings settings,
                                                       storage_gate_actor gate, nats_egress_actor egress,
                                                       password_pool_actor passwords) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.settings = std::move(settings);
  state.gate = std::move(gate);
  state.egress = std::move(egress);
  state.passwords = std::move(passwords);
  return {
    [self](validate_atom, const pending_password_requests_ptr& calls) { validate(self, calls); },
    [self](validate_atom, const pending_certificate_requests_ptr& calls) { validate(self, calls); },
    [self](drain_atom) -> caf::result<bool> {
      const auto promise = self->state.drains.add(self->make_response_promise<bool>());
      write_uses(self);
      return promise;
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const nats_egress_peer& peer) { self->state.egress = peer.handle; },
    [self](peer_atom, const password_pool_peer& peer) { self->state.passwords = peer.handle; },
    every(self, period, first_run::after_a_period, tick_v,
          [self] {
            refuse_overdue(self);
            write_uses(self);
          }),
  };
}

} // namespace cm::actors
