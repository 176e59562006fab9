#include "actors/nats/nats_egress.hpp"

#include "actors/runtime/hardening.hpp"

#include <utility>

namespace cm::actors {

namespace {

using nats_egress_self = nats_egress_actor::stateful_pointer<nats_egress_state>;

void flush(nats_egress_self self) {
  auto& unflushed = self->state.unflushed;
  if (!unflushed.empty())
    self->state.writer->flush(*unflushed.back());
  unflushed.clear();
}

void publish(nats_egress_self self, const reply_batch_ptr& replies) {
  auto& state = self->state;
  if (!state.unflushed.empty() && state.unflushed.back()->connection() != replies->connection())
    flush(self);
  state.writer->publish(*replies);
  // The flush message queues behind the batches that are in the mailbox already: one flush serves all of them.
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
    // The mailbox is a queue: every batch sent before the drain has been published.
    [self](drain_atom) {
      flush(self);
      return true;
    },
  };
}

} // namespace cm::actors
