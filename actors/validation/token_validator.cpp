#include "actors/validation/token_validator.hpp"

#include "actors/interfaces/applications.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using token_validator_self = token_validator_actor::stateful_pointer<token_validator_state>;

// The gate answers a look-up by its deadline. A gate without an answer this much later is dead.
constexpr std::chrono::milliseconds grace{500};

void count_cache(token_validator_self self) {
  auto& state = self->state;
  const auto& cache = state.coalescer->cache();
  state.counters->entries.set(cache.size());
  state.counters->bytes.set(cache.bytes());
  state.counters->evicted.add(cache.evicted() - std::exchange(state.evicted, cache.evicted()));
}

void send_outcome(token_validator_self self, lookup_coalescer::outcome done) {
  if (done.replies && !done.replies->empty() && !self->state.writer->send_now(*done.replies))
    self->send(self->state.egress, answer_v, std::move(done.replies));
  // The reply does not wait for this write: a device is admitted even while the database cannot write.
  if (!done.first_uses.empty())
    self->send(self->state.gate, activate_v,
               activations_ptr{std::make_shared<const std::vector<storage::activation>>(std::move(done.first_uses))});
}

void take_found(token_validator_self self, std::uint64_t number, const storage_result_ptr& result) {
  static const storage::found_tokens nothing;
  auto& coalescer = *self->state.coalescer;
  if (result->has_error()) {
    send_outcome(self, coalescer.failed(number, result->error().code));
    return;
  }
  const auto* found = std::get_if<storage::found_tokens>(&**result);
  send_outcome(self, coalescer.found(number, found == nullptr ? nothing.tokens : found->tokens));
}

void validate(token_validator_self self, const pending_token_requests_ptr& calls) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const auto& connection = calls->connection();
  lookup_coalescer::outcome done;
  auto batch_lookup = state.coalescer->take(calls, state.feed->now(&connection, connection.continuity()), now, done);
  state.counters->hits.add(done.hits);
  state.counters->misses.add(done.misses);
  state.counters->bypassed.add(done.bypassed);
  send_outcome(self, std::move(done));
  if (!batch_lookup)
    return;
  batch_lookup->lookup->deadline = now + state.lookup_deadline;
  const auto number = batch_lookup->number;
  request_within(self, state.gate, state.lookup_deadline + grace, find_v,
                 token_lookup_ptr{std::move(batch_lookup->lookup)})
    .then([self, number](const storage_result_ptr& result) { take_found(self, number, result); },
          [self, number](const caf::error& problem) {
            core::logger("cm.ecap")->warn("no answer from the storage gate: {}", describe_reason(problem));
            send_outcome(self, self->state.coalescer->failed(number, core::errc::unavailable));
          });
}

} // namespace

token_validator_actor::behavior_type token_validator(token_validator_self self, token_validator_settings settings,
                                                     storage_gate_actor gate, nats_egress_actor egress) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.coalescer.emplace(std::move(settings.coalescer));
  state.feed = std::move(settings.feed);
  state.counters = std::move(settings.counters);
  state.writer = std::move(settings.writer);
  state.lookup_deadline = settings.lookup_deadline;
  state.gate = std::move(gate);
  state.egress = std::move(egress);
  return {
    [self](validate_atom, const pending_token_requests_ptr& calls) { validate(self, calls); },
    [self](invalidate_atom, const invalidated_tokens_ptr& revoked) {
      if (revoked->everything)
        self->state.coalescer->invalidate_all();
      self->state.coalescer->invalidate(revoked->ids);
    },
    [self](directory_atom, const application_directory_ptr& known) { self->state.coalescer->applications(known); },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const nats_egress_peer& peer) { self->state.egress = peer.handle; },
    every(self, period, first_run::after_a_period, tick_v,
          [self] {
            self->state.coalescer->expire(self->clock().now());
            count_cache(self);
          }),
  };
}

} // namespace cm::actors
