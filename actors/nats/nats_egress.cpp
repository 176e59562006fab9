#include "actors/nats/nats_egress.hpp"

#include "actors/runtime/hardening.hpp"

#include <utility>

namespace cm::actors {

namespace {

using nats_egress_self = nats_egress_actor::stateful_pointer<nats_egress_state>;

void flush(nats_egress_self self) {
  auto& waiting = self->state.unflushed;
  if (!waiting.empty())
    self->state.writer->flush(*waiting.back());
  waiting.clear();
}

void publish(nats_egress_self self, const reply_batch_ptr& replies) {
  auto& state = self->state;
  if (!state.unflushed.empty() && state.unflushed.back()->origin() != replies->origin())
    flush(self);
  state.writer->publish(*replies);
  // The flush comes after the batches that wait behind this one: one for all of them.
  if (state.unflushed.empty())
    self->send(self, flush_v);
  state.unflushed.push_back(replies);
}

} // namespace

nats_egress_actor::behavior_type nats_egress(nats_egress_self self, std::shared_ptr<reply_writer> writer) {
  harden(self);
  self->state.writer = std::move(writer);
  return {
    [self](answer_atom, const reply_batch_ptr& replies) { publish(self, replies); },
    [self](flush_atom) { flush(self); },
    // Messages are handled in their order, so all that came before has been published.
    [self](drain_atom) {
      flush(self);
      return true;
    },
  };
}

} // namespace cm::actors
