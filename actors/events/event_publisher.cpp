#include "actors/events/event_publisher.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/events/event_confirmer.hpp"
#include "actors/events/event_encoding.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cm::actors {

namespace {

using event_publisher_self = event_publisher_actor::stateful_pointer<event_publisher_state>;

const std::shared_ptr<spdlog::logger>& publisher_log() {
  static const auto logger = core::logger("cm.events");
  return logger;
}

void report_outbox(event_publisher_self self) {
  const auto& state = self->state;
  core::outbox_health health;
  health.status = core::health_status::up;
  health.pending = std::max<std::uint64_t>(state.pending, state.queue->size());
  state.settings.metrics->pending.set(health.pending);
  // By this replica's clock, because the metrics page subtracts this value from the same clock to show the age.
  const auto oldest = core::to_unix_ms(core::now_ms() - state.oldest.at(self->clock().now()));
  const bool none = health.pending == 0 || state.oldest.empty();
  state.settings.metrics->oldest_ms.set(none ? 0 : static_cast<std::uint64_t>(std::max<std::int64_t>(0, oldest)));
  self->send(state.health, report_v, std::make_shared<const component_report>(health));
}

// Schedules publishing after all messages that are in the mailbox already, so that their events form one batch.
void schedule_publishing(event_publisher_self self) {
  if (!std::exchange(self->state.begun, true))
    self->send(self, begin_v);
}

// Deletes confirmed events from the outbox. After a crash before that, they are published again, which is allowed.
void remove_confirmed(event_publisher_self self) {
  auto& state = self->state;
  if (state.removing || state.confirmed.empty())
    return;
  state.removing = true;
  storage::confirm_events command;
  const auto count = std::min<std::size_t>(state.confirmed.size(), storage::max_claim);
  command.sequences.assign(state.confirmed.begin(), state.confirmed.begin() + static_cast<std::ptrdiff_t>(count));
  const auto done = [self, count](const storage_reply<storage::confirmed_events>& removed) {
    auto& s = self->state;
    s.removing = false;
    if (!removed)
      return; // the next tick retries
    s.confirmed.erase(s.confirmed.begin(), s.confirmed.begin() + static_cast<std::ptrdiff_t>(count));
    if (s.pending > 0)
      s.next_sweep = self->clock().now(); // count again: the last count may include them
    remove_confirmed(self);
    if (s.confirmed.empty() && s.queue->empty())
      self->state.drains.answer(true);
  };
  request_storage<storage::confirmed_events>(self, state.gate, std::move(command), state.settings.deadline, done);
}

// Number of published events that starts a confirmation at once; fewer wait for the next tick. Each confirmation costs
// a round trip, and a commit that deletes outbox rows and is as expensive as the commit of a revocation.
constexpr std::size_t confirmation_batch = 64;

// Added to the confirmation time-out, for a write that blocks in the confirmer.
constexpr std::chrono::milliseconds confirmer_grace{2500};

void note_failure(event_publisher_self self, const core::error& problem) {
  auto& state = self->state;
  state.settings.metrics->failures.add(1);
  if (!std::exchange(state.failing, true))
    publisher_log()->warn("events cannot be published now: {} {}", problem.message, problem.detail);
}

// Reports an event that does not fit even when it is split. The log names it once, not at every attempt. The event
// stays in flight until its lease ends, and in the outbox.
void note_oversized(event_publisher_self self, const core::revocation& event, std::size_t max_payload) {
  auto& state = self->state;
  state.settings.metrics->failures.add(1);
  state.settings.metrics->oversized.add(1);
  if (state.oversized.size() < state.settings.limit && state.oversized.insert(event.sequence).second)
    publisher_log()->error("event {} does not fit the NATS server's max_payload of {} bytes: it stays in the outbox{}",
                           event.sequence, max_payload, core::log_fields{{"correlationId", event.correlation_id}});
}

// Writes an event to the connection's buffer, split by the server's max_payload if necessary.
// @return `none`, `unavailable`, or `invalid` if the event does not fit even when it is split
core::errc write_parts(event_publisher_self self, messaging::connection& connection, const core::revocation& event) {
  auto& state = self->state;
  constexpr int attempts = 2; // max_payload may change between reading it and publishing
  auto code = core::errc::invalid;
  for (int i = 0; i < attempts && code == core::errc::invalid; ++i) {
    const auto limit = connection.max_payload();
    const auto encoded = encode_event(event, state.settings.instance, state.settings.replica_id, limit);
    if (encoded.payloads.empty()) {
      note_oversized(self, event, limit);
      return core::errc::invalid;
    }
    for (const auto& payload : encoded.payloads) {
      code = connection.publish(encoded.subject, payload);
      if (code != core::errc::none)
        break;
    }
  }
  if (code == core::errc::none)
    state.oversized.erase(event.sequence);
  else
    note_failure(
      self, core::make_error(code, "NATS",
                             "event " + std::to_string(event.sequence) + ": " + std::string(core::to_string(code))));
  return code;
}

// Writes events to the connection's buffer. An event that is too large for the server is removed from `events`, so that
// it is not confirmed with the others: it stays in flight, and in the outbox, like an event that the server refuses.
core::errc write(event_publisher_self self, messaging::connection& connection, std::vector<core::revocation>& events) {
  auto outcome = core::errc::none;
  std::erase_if(events, [&](const core::revocation& event) {
    if (outcome != core::errc::none)
      return false;
    const auto code = write_parts(self, connection, event);
    if (code == core::errc::none)
      return false;
    if (code == core::errc::invalid)
      return true;
    outcome = code;
    return false;
  });
  if (outcome == core::errc::none && !events.empty())
    self->state.settings.writer->try_flush(connection);
  return outcome;
}

bool connected(const event_publisher_state& state) {
  return state.nats && state.nats->up && state.nats->connection;
}

// The events in flight may be lost with the old connection: publishes all of them again.
void start_over(event_publisher_state& state) {
  state.queue->requeue_all();
  state.unconfirmed.clear();
  state.singles.clear();
}

void confirm_published(event_publisher_self self);

void take_confirmation(event_publisher_self self, const std::vector<core::revocation>& events,
                       const confirmation& result) {
  auto& state = self->state;
  state.confirming = false;
  if (!result.has_error()) {
    if (std::exchange(state.failing, false))
      publisher_log()->info("events are confirmed again");
    state.queue->done(events);
    state.settings.metrics->confirmed.add(events.size());
    for (const auto& event : events) {
      publisher_log()->debug("event {} is confirmed{}", event.sequence,
                             core::log_fields{{"correlationId", event.correlation_id}});
      if (state.foreign.erase(event.sequence) == 0)
        state.confirmed.push_back(event.sequence);
    }
    remove_confirmed(self);
  } else {
    note_failure(self, result.error());
    if (result.error().code != core::errc::forbidden)
      state.queue->requeue(events); // published at the next tick
    else if (events.size() > 1)
      state.singles.insert(state.singles.end(), events.begin(), events.end());
    // A single refused event stays in flight until its lease ends or the connection changes; then the sweep finds it in
    // the outbox, or it is published again. Otherwise the confirmation of other events would fail with it at every
    // tick.
  }
  if (state.unconfirmed.size() >= confirmation_batch || !state.singles.empty() || !state.drains.empty())
    confirm_published(self);
}

// Publishes the next event that needs a confirmation of its own, because the server has refused one of its batch.
// @return the event, or nothing if there is none; `as` is what it was published as
std::vector<core::revocation> publish_single(event_publisher_self self, publication& as) {
  auto& state = self->state;
  while (!state.singles.empty() && connected(state)) {
    std::vector<core::revocation> events{std::move(state.singles.front())};
    state.singles.pop_front();
    if (!state.queue->holds(events[0]))
      continue; // its lease has ended
    as = {state.nats->connection, state.nats->connection->mark()};
    if (write(self, *as.connection, events) != core::errc::none)
      state.queue->requeue(events);
    else if (!events.empty())
      return events;
  }
  return {};
}

// Starts a confirmation of the published events, unless one is in progress.
void confirm_published(event_publisher_self self) {
  auto& state = self->state;
  if (state.confirming)
    return;
  auto published = state.published;
  auto events = std::exchange(state.unconfirmed, {});
  if (events.empty())
    events = publish_single(self, published);
  if (events.empty())
    return;
  state.confirming = true;
  request_within(self, state.confirmer, state.settings.confirm_timeout + confirmer_grace, confirm_v,
                 publication_ptr{std::make_shared<const publication>(std::move(published))})
    .then([self, events](const confirmation_ptr& result) { take_confirmation(self, events, *result); },
          [self, events](const caf::error& problem) {
            take_confirmation(self, events,
                              core::make_error(core::errc::unavailable, "no confirmation", describe_reason(problem)));
          });
}

void publish_waiting(event_publisher_self self) {
  auto& state = self->state;
  state.begun = false;
  state.queue->expire(self->clock().now());
  if (!connected(state))
    return;
  auto events = state.queue->take(state.settings.batch);
  if (events.empty())
    return;
  auto& connection = *state.nats->connection;
  if (state.unconfirmed.empty())
    state.published = {state.nats->connection, connection.mark()};
  if (write(self, connection, events) != core::errc::none) {
    state.queue->requeue(events); // published at the next tick
    return;
  }
  state.unconfirmed.insert(state.unconfirmed.end(), std::make_move_iterator(events.begin()),
                           std::make_move_iterator(events.end()));
  if (state.unconfirmed.size() >= confirmation_batch || !state.drains.empty())
    confirm_published(self);
  if (state.queue->waits())
    schedule_publishing(self);
}

void sweep(event_publisher_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (state.sweeping || now < state.next_sweep)
    return;
  state.sweeping = true;
  state.next_sweep = now + state.settings.sweep;
  storage::claim_events command;
  // A replica that cannot publish claims no events, because it would only keep them from a replica that can. After a
  // failure it publishes the events in its queue first; those whose leases end are claimed again later. With limit 0
  // the command only counts.
  const bool able = state.nats && state.nats->up && (!state.failing || state.queue->empty())
                    && state.queue->size() < state.settings.limit / 2;
  command.limit = able ? storage::max_claim : 0;
  const auto take = [self, limit = command.limit](const storage_reply<storage::claimed_events>& claimed) {
    auto& s = self->state;
    s.sweeping = false;
    if (!claimed)
      return;
    s.pending = claimed->pending;
    s.oldest.take(claimed->oldest_sequence, claimed->oldest_age, self->clock().now());
    if (claimed->events.empty())
      return;
    const auto newly_found = std::count_if(claimed->events.begin(), claimed->events.end(),
                                           [&](const auto& event) { return s.oversized.count(event.sequence) == 0; });
    if (newly_found > 0)
      publisher_log()->info("{} events were found in the outbox and are published now", newly_found);
    static_cast<void>(s.queue->add(claimed->events, self->clock().now()));
    schedule_publishing(self);
    if (claimed->events.size() == limit)
      s.next_sweep = self->clock().now(); // there may be more
  };
  request_storage<storage::claimed_events>(self, state.gate, command, state.settings.deadline, take);
}

void tick(event_publisher_self self) {
  auto& state = self->state;
  publish_waiting(self);
  confirm_published(self);
  remove_confirmed(self);
  sweep(self);
  std::erase_if(state.foreign, [&](std::uint64_t sequence) { return !state.queue->holds(sequence); });
  report_outbox(self);
  const bool empty = state.queue->empty();
  if (!state.drains.empty() && ((empty && state.confirmed.empty()) || self->clock().now() >= state.drain_until))
    state.drains.answer(empty);
}

} // namespace

event_publisher_actor::behavior_type event_publisher(event_publisher_self self, event_publisher_settings settings,
                                                     storage_gate_actor gate, health_actor health) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.queue = std::make_unique<outbox_queue>(settings.limit, settings.lease);
  state.settings = std::move(settings);
  state.gate = std::move(gate);
  state.health = std::move(health);
  state.confirmer = self->spawn<caf::detached + caf::linked>(event_confirmer, state.settings.confirm_timeout);
  return {
    [self](publish_atom, const revocations_ptr& events) {
      auto& s = self->state;
      // `pending` is not increased: the events are in the outbox already, so a sweep may have counted them.
      if (const auto refused = s.queue->add(*events, self->clock().now()); refused > 0)
        publisher_log()->debug("{} events wait in the outbox", refused);
      schedule_publishing(self);
    },
    [self](republish_atom, const revocations_ptr& events) {
      auto& s = self->state;
      for (const auto& event : *events) {
        if (!s.queue->holds(event)) // else this replica publishes and removes it anyway
          s.foreign.insert(event.sequence);
      }
      static_cast<void>(s.queue->add(*events, self->clock().now()));
      schedule_publishing(self);
    },
    [self](nats_atom, const nats_state_ptr& nats) {
      self->state.nats = nats;
      if (!nats->up)
        return;
      // Without an interruption the server has received everything; it was only slow to answer.
      const connection_interval now{nats->connection.get(), nats->connection ? nats->connection->continuity() : 0};
      if (std::exchange(self->state.interval, now) != now)
        start_over(self->state);
      self->state.next_sweep = self->clock().now();
      schedule_publishing(self);
    },
    [self](drain_atom) -> caf::result<bool> {
      auto& s = self->state;
      const auto promise = s.drains.add(self->make_response_promise<bool>());
      s.drain_until = self->clock().now() + s.settings.drain_patience;
      publish_waiting(self);
      confirm_published(self);
      remove_confirmed(self);
      if (s.queue->empty() && s.confirmed.empty())
        self->state.drains.answer(true);
      return promise;
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const health_peer& peer) {
      self->state.health = peer.handle;
      report_outbox(self);
    },
    [self](begin_atom) { publish_waiting(self); },
    every(self, period, first_run::at_once, tick_v, [self] { tick(self); }),
  };
}

} // namespace cm::actors
