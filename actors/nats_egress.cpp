#include "actors/nats_egress.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

#include <chrono>
#include <utility>

namespace cm::actors {

namespace {

using nats_egress_self = nats_egress_actor::stateful_pointer<nats_egress_state>;

void flush(nats_egress_self self) {
  auto& waiting = self->state.unflushed;
  if (!waiting.empty())
    waiting.back()->flush();
  waiting.clear();
}

void publish(nats_egress_self self, const reply_batch_ptr& replies) {
  auto& state = self->state;
  if (!state.unflushed.empty() && state.unflushed.back()->origin() != replies->origin())
    flush(self);
  const auto lost = replies->publish();
  replies->count(state.metrics->egress.answered, std::chrono::steady_clock::now());
  // The flush comes after the batches that wait behind this one: one for all of them.
  if (state.unflushed.empty())
    self->send(self, flush_v);
  state.unflushed.push_back(replies);
  if (lost == 0)
    return;
  state.lost += lost;
  state.metrics->egress.lost.add(lost);
  core::logger("cm.nats")->warn("{} answers could not be published ({} so far)", lost, state.lost);
}

} // namespace

nats_egress_actor::behavior_type nats_egress(nats_egress_self self, std::shared_ptr<core::metrics> metrics) {
  harden(self);
  self->state.metrics = std::move(metrics);
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
