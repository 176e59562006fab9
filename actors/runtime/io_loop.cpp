#include "actors/runtime/io_loop.hpp"

#include "actors/runtime/hardening.hpp"

namespace cm::actors {

io_loop_actor::behavior_type io_loop(io_loop_actor::stateful_pointer<io_loop_state> self, io_context_ptr io) {
  harden(self);
  self->state.io = std::move(io);
  self->send(self, begin_v);
  return {
    [self](begin_atom) {
      auto& loop = *self->state.io;
      const auto work = boost::asio::make_work_guard(loop);
      loop.run();
      self->quit(caf::exit_reason::user_shutdown);
    },
  };
}

} // namespace cm::actors
