// Waits for the NATS server's confirmation of events, so that the publisher need not.
#pragma once

#include "actors/interfaces/events.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace cm::actors {

struct event_confirmer_state {
  static inline const char* name = "event-confirmer";
};

/// To be spawned detached: each answer takes a round trip to the server, or the time-out.
/// @param patience for one round trip; a write that blocks comes on top of it (messaging::connection_options)
event_confirmer_actor::behavior_type
event_confirmer(event_confirmer_actor::stateful_pointer<event_confirmer_state> self,
                std::chrono::milliseconds patience);

} // namespace cm::actors
