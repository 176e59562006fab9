// The actor that deletes audit rows and revocations after their retention time.
#pragma once

#include "actors/database/prune_round.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/runtime/bounded_request.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace cm::actors {

struct housekeeper_settings {
  std::chrono::milliseconds audit_retention{std::chrono::hours{365 * 24}};
  std::chrono::milliseconds revocations_retention{std::chrono::hours{7 * 24}};
  std::chrono::milliseconds period{std::chrono::minutes{1}}; ///< between two rounds
  std::chrono::milliseconds pace{100}; ///< between two commands of a round, so that other work comes first
  std::chrono::milliseconds deadline{5000};
};

struct housekeeper_state {
  static inline const char* name = "housekeeper";

  housekeeper_settings settings;
  request_deadlines deadlines;
  storage_gate_actor gate;
  prune_round round;
};

/// Ages count by the database's clock. Several replicas may delete rows at the same time.
housekeeper_actor::behavior_type housekeeper(housekeeper_actor::stateful_pointer<housekeeper_state> self,
                                             housekeeper_settings settings, storage_gate_actor gate);

} // namespace cm::actors
