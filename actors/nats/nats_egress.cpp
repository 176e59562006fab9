#include "actors/nats/nats_egress.hpp"

#include "actors/runtime/hardening.hpp"

#include <caf/send.hpp>

#include <functional>
#include <memory>
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

// Weak, because root holds the only strong reference.
std::shared_ptr<const std::function<void(reply_batch_ptr)>> publisher_of(nats_egress_self self) {
  return std::make_shared<const std::function<void(reply_batch_ptr)>>(
    [egress = caf::actor_cast<caf::weak_actor_ptr>(self)](reply_batch_ptr replies) {
      if (auto alive = egress.lock())
        caf::anon_send(caf::actor_cast<nats_egress_actor>(std::move(alive)), answer_v, std::move(replies));
    });
}

} // namespace

nats_egress_actor::behavior_type nats_egress(nats_egress_self self, std::shared_ptr<reply_writer> writer) {
  harden(self);
  self->state.writer = std::move(writer);
  self->state.writer->late()->store(publisher_of(self));
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
