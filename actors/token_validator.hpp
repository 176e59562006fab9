// Answers endpoint token validation requests: one validator a shard of the tokens.
#pragma once

#include "actors/actors.hpp"
#include "actors/token_validation.hpp"
#include "core/secret.hpp"
#include "core/token_hash.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>

namespace cm::actors {

struct token_validator_settings {
  core::secret hash_key;
  application_directory_ptr applications;
  bool trustful = false;                           ///< unknown tokens are accepted (contract 4.5)
  std::chrono::milliseconds lookup_deadline{2000}; ///< after which the requests of a batch are answered 503
};

struct token_validator_state {
  static inline const char* name = "token-validator";

  std::optional<core::token_hasher> hasher;
  application_directory_ptr applications;
  bool trustful = false;
  std::chrono::milliseconds lookup_deadline{};
  storage_gate_actor gate;
  nats_egress_actor egress;
};

token_validator_actor::behavior_type
token_validator(token_validator_actor::stateful_pointer<token_validator_state> self, token_validator_settings settings,
                storage_gate_actor gate, nats_egress_actor egress);

} // namespace cm::actors
