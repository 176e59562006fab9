#include "actors/validation/token_validator.hpp"

#include "actors/interfaces/applications.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

namespace {

using token_validator_self = token_validator_actor::stateful_pointer<token_validator_state>;

// Shortest time between two looks at the timeouts of waiting requests.
constexpr std::chrono::milliseconds watch_resolution{50};

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

// Few requests have a timeout that is shorter than what CM permits itself. Sets a timer for the earliest of them.
void watch_timeouts(token_validator_self self) {
  auto& state = self->state;
  const auto earliest = state.coalescer->earliest_timeout();
  if (!earliest)
    return;
  const auto now = self->clock().now();
  const auto due = std::max(*earliest, now + watch_resolution);
  if (state.watch && *state.watch <= due)
    return;
  state.watch = due;
  self->delayed_send(self, std::chrono::ceil<std::chrono::milliseconds>(due - now), watch_v);
}

void refuse_overdue(token_validator_self self) {
  auto& state = self->state;
  state.watch.reset();
  for (auto& done : state.coalescer->refuse_overdue({self->clock().now(), core::now_ms()}))
    send_outcome(self, std::move(done));
  watch_timeouts(self);
}

void validate(token_validator_self self, const pending_token_requests_ptr& calls) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const auto arrived = calls->empty() ? now : calls->peek().front().arrived; // they have arrived together
  const auto& connection = calls->connection();
  lookup_coalescer::outcome done;
  auto batch_lookup = state.coalescer->take(calls, state.feed->now(&connection, connection.continuity()), now, done);
  state.counters->hits.add(done.hits);
  state.counters->misses.add(done.misses);
  state.counters->bypassed.add(done.bypassed);
  send_outcome(self, std::move(done));
  watch_timeouts(self);
  if (!batch_lookup)
    return;
  const auto deadline = request_deadline{arrived, state.bound}.at();
  batch_lookup->lookup->deadline = deadline;
  const auto number = batch_lookup->number;
  request_until(self, state.gate, deadline + gate_grace, find_v, token_lookup_ptr{std::move(batch_lookup->lookup)})
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
  state.bound = settings.bound;
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
    [self](watch_atom) { refuse_overdue(self); },
    every(self, period, first_run::after_a_period, tick_v,
          [self] {
            self->state.coalescer->expire(self->clock().now());
            count_cache(self);
          }),
  };
}

} // namespace cm::actors
