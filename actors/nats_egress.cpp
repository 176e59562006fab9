#include "actors/nats_egress.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

namespace cm::actors {

nats_egress_actor::behavior_type nats_egress(nats_egress_actor::stateful_pointer<nats_egress_state> self) {
  harden(self);
  return {
    [self](answer_atom, const reply_batch_ptr& replies) {
      const auto lost = replies->publish();
      replies->flush();
      if (lost == 0)
        return;
      self->state.lost += lost;
      core::logger("cm.nats")->warn("{} answers could not be published ({} so far)", lost, self->state.lost);
    },
    // Messages are handled in their order, so all that came before has been flushed.
    [](drain_atom) { return true; },
  };
}

} // namespace cm::actors
