// Waits for the NATS server's confirmation of published events, so that the publisher does not block.
#pragma once

#include "actors/interfaces/events.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace cm::actors {

struct event_confirmer_state {
  static inline const char* name = "event-confirmer";
};

/// To be spawned detached: each request blocks for a round trip to the server, or until the time-out.
/// @param patience time-out of one round trip; a blocked write adds to it (messaging::connection_options)
event_confirmer_actor::behavior_type
event_confirmer(event_confirmer_actor::stateful_pointer<event_confirmer_state> self,
                std::chrono::milliseconds patience);

} // namespace cm::actors
