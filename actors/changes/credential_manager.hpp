// Every change of a credential: check, one transaction, answer.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_hash.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace cm::actors {

struct credential_manager_settings {
  core::secret hash_key;
  std::size_t token_length = 10;
  application_directory_ptr applications;
  std::chrono::milliseconds deadline{5000}; ///< for one change
  /// For reading what other replicas have revoked; with `deadline` less than those who ask wait.
  std::chrono::milliseconds follow_patience{800};
};

struct credential_manager_state {
  static inline const char* name = "credential-manager";

  /// A token on its way into the database.
  struct creation {
    create_order_ptr order;
    core::secret value;
    bool generated = false;
    unsigned attempts = 0;
    caf::typed_response_promise<create_result_ptr> promise;
  };

  /// Another change on its way.
  struct change {
    storage::command command;
    storage::deleted_tokens deleted; ///< so far, where one command does not delete all of them
    caf::typed_response_promise<storage_result_ptr> promise;
  };

  credential_manager_settings settings;
  request_deadlines deadlines;
  std::optional<core::token_hasher> hasher;
  core::uuid_v7_generator ids;
  storage_gate_actor gate;
  event_publisher_actor publisher;
  revocation_follower_actor follower;
  forwarder_ptr invalidate; ///< to the validators, which keep tokens in memory
  std::unordered_map<std::uint64_t, creation> creations;
  std::unordered_map<std::uint64_t, change> changes;
  std::unordered_map<std::uint64_t, caf::typed_response_promise<import_outcome_ptr>> imports;
  std::uint64_t last_number = 0;
  bool writes_allowed = true; ///< the check at the start has passed, or CM would not run
  std::string why_not;

  /// Whoever still waits is told that nothing comes any more.
  ~credential_manager_state();
};

credential_manager_actor::behavior_type
credential_manager(credential_manager_actor::stateful_pointer<credential_manager_state> self,
                   credential_manager_settings settings, storage_gate_actor gate, event_publisher_actor publisher);

} // namespace cm::actors
