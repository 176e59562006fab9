// The orderly stop (contract 3.3): the start backwards, each step bounded.
#pragma once

#include "actors/supervision/root.hpp"

namespace cm::actors {

/// Readiness goes down, nothing new is taken, what is in flight is answered, first uses are written, sockets close,
/// root ends with its exit status. A second call changes nothing. The whole is bounded by shutdown.timeout.
void begin_stop(root_pointer self);

/// A child ended while stopping.
void child_stopped(root_pointer self, const caf::actor_addr& child);

/// The step with that number took too long: the next one begins.
void stop_step_timed_out(root_pointer self, std::size_t step);

} // namespace cm::actors
