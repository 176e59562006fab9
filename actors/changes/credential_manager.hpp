// The actor through which all changes of credentials go: it checks a request, has storage execute it in one
// transaction, hands the events to the publisher, and responds.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_hash.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cm::actors {

struct credential_manager_settings {
  core::secret hash_key;
  std::size_t token_length = 10;
  application_directory_ptr applications;
  /// Time for the revocation follower to read what other replicas have revoked, within the deadline of the change.
  std::chrono::milliseconds follow_patience{800};
};

struct credential_manager_state {
  static inline const char* name = "credential-manager";

  /// A token that is being created.
  struct creation {
    create_order_ptr order;
    core::secret value;
    bool generated = false;
    unsigned attempts = 0;
  };

  /// Any other change in progress.
  struct change {
    storage::command command;
    core::steady_time deadline;
    storage::deleted_tokens deleted; ///< result so far, if the deletion takes several commands
  };

  credential_manager_settings settings;
  request_deadlines deadlines;
  std::optional<core::token_hasher> hasher;
  core::uuid_v7_generator ids;
  storage_gate_actor gate;
  event_publisher_actor publisher;
  revocation_follower_actor follower;
  forwarder_ptr invalidate;                               ///< to the token validators, which have the token caches
  pending_replies<create_result_ptr, creation> creations; ///< these three: errc::unavailable if the manager ends
  pending_replies<storage_result_ptr, change> changes;
  pending_replies<import_outcome_ptr> imports;
  std::uint64_t last_number = 0;
  bool writes_allowed = true; ///< the license is valid at the start, otherwise CM would not run
  std::string why_not;        ///< reason if changes are not allowed, for the log

  credential_manager_state();
};

/// Event-based. Every request is answered, by the destructor of its state if the actor fails.
credential_manager_actor::behavior_type
credential_manager(credential_manager_actor::stateful_pointer<credential_manager_state> self,
                   credential_manager_settings settings, storage_gate_actor gate, event_publisher_actor publisher);

} // namespace cm::actors
