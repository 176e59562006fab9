#include "actors/events/revocation_follower.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cm::actors {

namespace {

using revocation_follower_self = revocation_follower_actor::stateful_pointer<revocation_follower_state>;

const std::shared_ptr<spdlog::logger>& follower_log() {
  static const auto logger = core::logger("cm.events");
  return logger;
}

template <class Reply, class Handle, class Failed>
void ask(revocation_follower_self self, storage::command command, Handle handle, Failed failed) {
  auto& state = self->state;
  request_storage<Reply>(self, state.gate, std::move(command), state.settings.deadline,
                         [handle, failed](const storage_reply<Reply>& reply) {
                           if (reply)
                             handle(*reply);
                           else
                             failed(reply.error().detail);
                         });
}

void invalidate_all(const revocation_follower_state& state) {
  auto all = std::make_shared<invalidated_tokens>();
  all->everything = true;
  if (state.invalidate)
    (*state.invalidate)(invalidated_tokens_ptr{std::move(all)});
}

// -- missed events ----------------------------------------------------------------------------------------------------

std::size_t bytes_of(const core::revocation& event) {
  return sizeof event + event.ids.size() * sizeof(core::uuid) + event.application.size() + event.endpoint_id.size()
         + event.correlation_id.size();
}

// Whether this replica's subscription works, so that an event that reached its NATS server has arrived.
bool is_subscribed(const revocation_follower_state& state, core::revoked_kind kind) {
  const auto& feed =
    kind == core::revoked_kind::endpoint_tokens ? state.settings.token_feed : state.settings.client_feed;
  return state.nats_up && feed && !feed->lost();
}

void await_event(revocation_follower_self self, const core::revocation& event) {
  auto& state = self->state;
  const auto bytes = bytes_of(event);
  if (state.missed.size() >= state.settings.max_missed
      || state.missed_bytes + bytes > state.settings.max_missed_bytes) {
    // It is in /revocations, and its outbox row is still published.
    follower_log()->warn("revocation {} is not watched: the events of {} others are still missing on NATS",
                         event.sequence, state.missed.size());
    return;
  }
  std::uniform_int_distribution<std::int64_t> grace{state.settings.min_grace.count(), state.settings.max_grace.count()};
  const auto now = self->clock().now();
  const std::chrono::milliseconds pause{grace(state.random)};
  state.missed.push_back({event, now + pause, now + state.settings.max_wait});
  state.missed_bytes += bytes;
  self->delayed_send(self, pause, watch_v);
}

// Publishes the missed events that are due; drops those that have arrived meanwhile.
void publish_missed(revocation_follower_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  auto due = std::make_shared<std::vector<core::revocation>>();
  std::size_t given_up = 0;
  std::erase_if(state.missed, [&](const revocation_follower_state::missed_event& missed) {
    const bool publish = now >= missed.due && is_subscribed(state, missed.event.kind);
    const bool arrived = state.received.contains(missed.event);
    if (!arrived && !publish && now < missed.until)
      return false;
    state.missed_bytes -= bytes_of(missed.event);
    if (!arrived && publish)
      due->push_back(missed.event);
    else if (!arrived)
      ++given_up;
    return true;
  });
  if (given_up > 0)
    follower_log()->warn(
      "{} revocations did not arrive over NATS, and this replica had no working subscription for {} s to publish them: "
      "listeners find them in /revocations",
      given_up, std::chrono::ceil<std::chrono::seconds>(state.settings.max_wait).count());
  if (due->empty())
    return;
  follower_log()->info("{} revocations did not arrive over NATS: this replica publishes them too", due->size());
  state.settings.metrics->republished.add(due->size());
  self->send(state.publisher, republish_v, revocations_ptr{std::move(due)});
}

// -- reading ----------------------------------------------------------------------------------------------------------

void read(revocation_follower_self self);

void end_reading(revocation_follower_self self, bool done) {
  auto& state = self->state;
  state.reading = false;
  state.served.answer(done);
  if (!state.waiting.empty())
    read(self);
}

void fail_reading(revocation_follower_self self, const std::string& why) {
  if (!std::exchange(self->state.failing, true))
    follower_log()->debug("the revocations cannot be followed now: {}", why);
  end_reading(self, false);
}

void take_rows(revocation_follower_self self, const std::vector<core::revocation>& rows) {
  auto& state = self->state;
  auto revoked = std::make_shared<invalidated_tokens>();
  for (const auto& row : rows) {
    if (row.kind == core::revoked_kind::endpoint_tokens)
      revoked->ids.insert(revoked->ids.end(), row.ids.begin(), row.ids.end());
    if (!state.received.contains(row))
      await_event(self, row);
  }
  if (!revoked->ids.empty() && state.invalidate)
    (*state.invalidate)(invalidated_tokens_ptr{std::move(revoked)});
}

void find(revocation_follower_self self, std::uint64_t after);

// Reads the rows with these numbers, in several requests if necessary, and then the rows after `next`, if there may be
// more.
void get(revocation_follower_self self, std::vector<std::uint64_t> numbers, std::optional<std::uint64_t> next) {
  if (numbers.empty()) {
    if (next)
      find(self, *next);
    else
      end_reading(self, true);
    return;
  }
  const auto count = std::min<std::size_t>(numbers.size(), storage::max_claim);
  storage::get_revocations command;
  command.sequences.assign(numbers.end() - static_cast<std::ptrdiff_t>(count), numbers.end());
  numbers.resize(numbers.size() - count);
  const auto requested = command.sequences;
  ask<storage::revocation_page>(
    self, std::move(command),
    [self, requested, numbers = std::move(numbers), next](const storage::revocation_page& page) {
      take_rows(self, page.items);
      if (!self->state.tail->take(requested, self->clock().now())) {
        follower_log()->warn("too many revocations at once: all tokens in memory are dropped");
        invalidate_all(self->state);
      }
      get(self, numbers, next);
    },
    [self](const std::string& why) { fail_reading(self, why); });
}

void find(revocation_follower_self self, std::uint64_t after) {
  storage::find_revocations command;
  command.after = after;
  ask<storage::found_revocations>(
    self, command,
    [self, limit = command.limit](const storage::found_revocations& found) {
      auto& state = self->state;
      if (std::exchange(state.failing, false))
        follower_log()->debug("the revocations are followed again");
      std::optional<std::uint64_t> next;
      if (found.sequences.size() >= limit)
        next = found.sequences.back();
      get(self, state.tail->unknown(found.sequences), next);
    },
    [self](const std::string& why) { fail_reading(self, why); });
}

// The first reading: finds the end of the table. Cached tokens may be older, so the caches are emptied.
void find_end(revocation_follower_self self) {
  ask<storage::found_revocations>(
    self, storage::find_revocations{},
    [self](const storage::found_revocations& found) {
      self->state.tail->start(found.sequences.empty() ? 0 : found.sequences.back());
      invalidate_all(self->state);
      end_reading(self, true);
    },
    [self](const std::string& why) { fail_reading(self, why); });
}

void read(revocation_follower_self self) {
  auto& state = self->state;
  if (std::exchange(state.reading, true))
    return;
  state.served.take(state.waiting);
  if (state.tail->started())
    find(self, state.tail->after());
  else
    find_end(self);
}

// Renews this process's lease on the hash-key record. Without tokens in the database another process may take over the
// record when the lease ends.
void keep_hash_key(revocation_follower_self self) {
  ask<storage::kept_hash_key>(
    self, storage::keep_hash_key{}, [](const storage::kept_hash_key&) {},
    [](const std::string& why) { follower_log()->debug("the record of the hash key is not confirmed now: {}", why); });
}

// Detects a table that ends before the last known row: the database was restored, or this server lags behind the
// previous one. Follows it from its new end, with empty caches.
void check_end(revocation_follower_self self) {
  ask<storage::found_revocations>(
    self, storage::find_revocations{},
    [self](const storage::found_revocations& found) {
      auto& state = self->state;
      const auto highest = found.sequences.empty() ? 0 : found.sequences.back();
      if (!state.tail->started() || highest >= state.tail->last())
        return;
      follower_log()->info("the revocations end at {} and were read up to {}: they are followed from there again",
                           highest, state.tail->last());
      state.tail->start(highest);
      invalidate_all(state);
    },
    [](const std::string& why) { follower_log()->debug("the end of the revocations is not known now: {}", why); });
}

void tick(revocation_follower_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (now >= state.next_generation) {
    state.next_generation = now + state.settings.generation_period;
    state.received.start_generation();
  }
  publish_missed(self);
  if (now >= state.next_check) {
    state.next_check = now + state.settings.check_period;
    keep_hash_key(self);
    check_end(self);
  }
  read(self);
}

} // namespace

revocation_follower_actor::behavior_type revocation_follower(revocation_follower_self self,
                                                             revocation_follower_settings settings,
                                                             storage_gate_actor gate, event_publisher_actor publisher) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.period;
  state.settings = std::move(settings);
  state.gate = std::move(gate);
  state.publisher = std::move(publisher);
  state.tail.emplace(state.settings.gap_patience);
  state.random.seed(std::random_device{}());
  return {
    [self](read_atom) -> caf::result<bool> {
      const auto promise = self->state.waiting.add(self->make_response_promise<bool>());
      read(self);
      return promise;
    },
    [self](received_atom, const invalidated_tokens_ptr& events) {
      for (const auto& credential : events->received)
        self->state.received.add(credential.id, credential.at);
    },
    [self](nats_atom, const nats_state_ptr& nats) { self->state.nats_up = nats->up; },
    [self](peer_atom, const forwarder_ptr& peer) { self->state.invalidate = peer; },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [self](peer_atom, const event_publisher_peer& peer) { self->state.publisher = peer.handle; },
    [self](watch_atom) { publish_missed(self); },
    every(self, period, first_run::at_once, tick_v, [self] { tick(self); }),
  };
}

} // namespace cm::actors
