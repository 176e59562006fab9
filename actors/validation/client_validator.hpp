// The actor that replies to validation requests for client credentials: usernames with passwords, and certificates.
#pragma once

#include "actors/interfaces/database.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/memory/attempt_limiter.hpp"
#include "core/memory/known_logins.hpp"
#include "core/memory/use_recorder.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace cm::actors {

struct login; // one attempt with a username and a password

struct client_validator_settings {
  std::string replica;                      ///< the actor in the audit rows of first uses
  bool trustful = false;                    ///< unknown credentials are accepted (contract 4.5)
  std::chrono::milliseconds deadline{5000}; ///< for one request, after which it is answered 503
  std::chrono::milliseconds tick{100};      ///< how long uses are collected before they are written
  std::size_t max_uses = 65536; ///< limit of the uses that wait to be written; those beyond are not recorded
};

struct client_validator_state {
  static inline const char* name = "client-validator";

  client_validator_settings settings;
  request_deadlines deadlines;

  /// The attempts for one username. At most as many run as may still fail before the username is blocked; the others
  /// wait. The in-flight limit bounds how many wait.
  struct lane {
    std::size_t running = 0;
    std::deque<std::shared_ptr<login>> waiting;
  };

  core::attempt_limiter limiter;
  core::known_logins known;                    ///< lift the lock-out of their usernames
  std::unordered_map<std::string, lane> lanes; ///< by username, of the attempts in progress
  core::use_recorder recorder;
  std::vector<storage::client_use> uses; ///< to be written
  bool writing = false;
  storage_gate_actor gate;
  nats_egress_actor egress;
  password_pool_actor passwords;
  waiting_replies<bool> drains{false};
};

client_validator_actor::behavior_type
client_validator(client_validator_actor::stateful_pointer<client_validator_state> self,
                 client_validator_settings settings, storage_gate_actor gate, nats_egress_actor egress,
                 password_pool_actor passwords);

} // namespace cm::actors
