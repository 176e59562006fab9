// The orderly stop (contract 3.3): the reverse of the start, in steps with time-outs.
#pragma once

#include "actors/supervision/root.hpp"

namespace cm::actors {

/// Begins the stop: readiness goes down, CM accepts nothing new, responds to requests in flight, writes first uses and
/// publishes events, and closes sockets; root then ends with its exit status. shutdown.timeout bounds the whole stop. A
/// second call has no effect.
void begin_stop(root_pointer self);

/// To be called when a child has ended during the stop.
void child_stopped(root_pointer self, const caf::actor_addr& child);

/// To be called at the time-out of a step: begins the next one, unless the step has ended before.
void stop_step_timed_out(root_pointer self, stop_step step);

} // namespace cm::actors
