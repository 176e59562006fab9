// Answers requests on NATS to change the status of an endpoint token (contract 4.1).
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/deadline.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/secret.hpp"
#include "core/credentials/token_hash.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>

namespace cm::actors {

struct token_transitioner_settings {
  core::secret hash_key;
  application_directory_ptr applications;
  std::chrono::milliseconds bound = other_request_bound; ///< from the arrival of a request to its reply
};

struct token_transitioner_state {
  static inline const char* name = "token-transitioner";

  token_transitioner_settings settings;
  request_deadlines deadlines;
  std::optional<core::token_hasher> hasher;
  credential_manager_actor manager;
  nats_egress_actor egress;
};

/// Event-based. Every request is answered: 503 if the credential manager does not answer or this actor fails.
token_transitioner_actor::behavior_type
token_transitioner(token_transitioner_actor::stateful_pointer<token_transitioner_state> self,
                   token_transitioner_settings settings, credential_manager_actor manager, nats_egress_actor egress);

} // namespace cm::actors
