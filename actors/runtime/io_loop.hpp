// The actor that runs an Asio loop: its thread handles the sockets of one port.
#pragma once

#include "actors/interfaces/supervision.hpp"
#include "http/server/net.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace cm::actors {

using io_context_ptr = std::shared_ptr<http::net::io_context>;

struct io_loop_state {
  static inline const char* name = "io-loop";
  io_context_ptr io;
};

/// To be spawned detached. Root owns the loop, so sockets and timers survive a failure of this actor, and its successor
/// continues with them. The actor ends when the loop is stopped, or when a handler of the loop throws.
io_loop_actor::behavior_type io_loop(io_loop_actor::stateful_pointer<io_loop_state> self, io_context_ptr io);

} // namespace cm::actors
