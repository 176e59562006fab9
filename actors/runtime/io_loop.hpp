// Runs one Asio loop: the thread of one port's sockets.
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

/// To be spawned detached. The loop belongs to root: sockets and timers survive this actor, and the next one goes on
/// where it ended. It ends when the loop is stopped, or by an exception that a handler lets out.
io_loop_actor::behavior_type io_loop(io_loop_actor::stateful_pointer<io_loop_state> self, io_context_ptr io);

} // namespace cm::actors
