#include "actors/nats/nats_subscription.hpp"

#include "actors/runtime/fault_injection.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/base/backoff.hpp"
#include "core/observability/logging.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cm::actors {

namespace {

using nats_subscription_self = nats_subscription_actor::stateful_pointer<nats_subscription_state>;
constexpr std::chrono::milliseconds retry_period{250};
constexpr std::chrono::milliseconds refused_period{5000};
constexpr std::chrono::milliseconds drain_period{5};
constexpr std::chrono::milliseconds drain_timeout{5000};
constexpr std::chrono::milliseconds watch_period{100};
constexpr std::chrono::milliseconds measure_period{1000};

const std::shared_ptr<spdlog::logger>& subscription_log() {
  static const auto logger = core::logger("cm.nats");
  return logger;
}

// A decoder whose progress the self-test watches.
decoder watched(decoder decode, std::shared_ptr<decoder_progress> progress) {
  if (!progress)
    return decode;
  return [decode = std::move(decode), progress = std::move(progress)](messaging::message_batch batch) {
    struct batch_mark {
      explicit batch_mark(decoder_progress& of) noexcept : progress(of) {
        progress.begun.fetch_add(1, std::memory_order_relaxed);
      }

      batch_mark(const batch_mark&) = delete;
      batch_mark& operator=(const batch_mark&) = delete;

      ~batch_mark() { progress.done.fetch_add(1, std::memory_order_relaxed); }

      decoder_progress& progress;
    };

    const batch_mark mark(*progress);
    inject_delay("decoder");
    decode(std::move(batch));
  };
}

void subscribe(nats_subscription_self self) {
  auto& state = self->state;
  if (!state.connection || state.subscription || state.draining)
    return;
  const auto me = caf::actor_cast<nats_subscription_actor>(self);
  messaging::subscription_options options;
  options.queue_group = state.settings.queue_group;
  options.pending_messages = state.settings.pending_messages;
  options.pending_bytes = state.settings.pending_bytes;
  options.level = std::make_shared<messaging::pending_level>();
  options.on_failure = [subject = state.settings.subject](std::string_view why) {
    subscription_log()->error("a batch of messages on {} is lost by an internal error: {}", subject, why);
  };
  state.ending = std::make_shared<std::atomic<bool>>(false);
  decoder_context context;
  context.origin = request_origin::make(state.connection, state.limiter, state.settings.origin);
  context.keyer = state.settings.keyer;
  context.forward = [forward = state.forward](const delivery& decoded) { (*forward->load())(decoded); };
  context.nearly_full = [level = options.level] { return level->over_half(); };
  context.ending = [ending = state.ending] { return ending->load(); };
  state.retirement = std::make_shared<retired_subscription>();
  auto opened =
    messaging::subscription::open(state.connection, state.settings.subject, options,
                                  watched(state.settings.make_decoder(std::move(context)), state.settings.progress),
                                  [me, retirement = state.retirement] {
                                    retirement->subscription.reset();
                                    caf::anon_send(me, drained_v);
                                  });
  if (opened.has_error()) {
    // A closed connection is replaced by another one, which nats-link logs.
    const bool closed = state.connection->status() == messaging::connection_status::closed;
    subscription_log()->log(closed ? spdlog::level::debug : spdlog::level::err, "cannot subscribe to {}: {}",
                            state.settings.subject, opened.error().message);
    self->delayed_send(self, retry_period, tick_v);
    return;
  }
  state.subscription = std::move(*opened);
  state.dropped = 0;
  ++state.number;
  state.report_listening();
}

void watch(nats_subscription_self self) {
  auto& state = self->state;
  if (state.watch && state.subscription && !state.draining)
    state.watch->look(state.connection.get(), state.connection->continuity(), state.confirmed && state.link_up,
                      self->clock().now());
  state.measure();
  self->delayed_send(self, state.watch ? watch_period : measure_period, watch_v);
}

void take_connection(nats_subscription_self self, const nats_state_ptr& nats) {
  auto& state = self->state;
  state.link_up = nats->up;
  if (nats->connection == state.connection)
    return; // the library itself subscribes again after a reconnect
  state.retire();
  state.report_listening();
  state.connection = nats->connection;
  subscribe(self);
}

void take_confirmation(nats_subscription_self self, std::uint64_t number) {
  auto& state = self->state;
  if (!state.subscription || number != state.number)
    return;
  state.confirmed = true;
  // While connections do not last, the subscriptions are made again and again.
  const auto now = self->clock().now();
  const auto last = std::exchange(state.last_confirmed, now);
  const bool repeated = last && now - *last < core::connection_backoff::proven_after;
  subscription_log()->log(repeated ? spdlog::level::debug : spdlog::level::info, "subscribed to {}",
                          state.settings.subject);
}

// After a refusal the library still has the subscription, but the server does not. So end it, and subscribe again
// later.
void take_refusal(nats_subscription_self self, std::uint64_t number) {
  auto& state = self->state;
  if (!state.subscription || number != state.number || state.draining)
    return;
  state.retire();
  self->delayed_send(self, refused_period, tick_v);
}

void answer_if_drained(nats_subscription_self self) {
  auto& state = self->state;
  if (!state.drained || state.limiter->in_flight() > 0
      || (state.settings.unfinished && state.settings.unfinished() > 0)) {
    self->delayed_send(self, drain_period, tick_v);
    return;
  }
  state.drains.answer(true);
}

void drain(nats_subscription_self self) {
  auto& state = self->state;
  if (!std::exchange(state.draining, true)) {
    if (state.watch)
      state.watch->stop();
    if (state.ending)
      *state.ending = true;
    if (!state.subscription || state.subscription->drain(drain_timeout).has_error()) {
      state.subscription.reset();
      state.drained = true;
    }
  }
  answer_if_drained(self);
}

} // namespace

void nats_subscription_state::retire() {
  if (watch)
    watch->stop();
  confirmed = false;
  if (!subscription)
    return;
  measure();
  *ending = true;
  auto keeper = std::exchange(retirement, nullptr);
  keeper->subscription = std::move(subscription);
  // On an error it is closed already: no more messages arrive.
  if (keeper->subscription->drain(drain_timeout).has_error())
    keeper->subscription.reset();
}

void nats_subscription_state::report_listening() const {
  if (settings.on_listening)
    settings.on_listening(number, subscription ? connection : nullptr);
}

void nats_subscription_state::measure() {
  if (!settings.counters)
    return;
  settings.counters->present.set(subscription ? subscription->pending() : 0);
  if (!subscription)
    return;
  const auto now = subscription->dropped();
  const auto fresh = now - std::exchange(dropped, now);
  settings.counters->total.add(fresh);
  if (fresh > 0 && settings.on_dropped)
    settings.on_dropped(fresh);
}

nats_subscription_state::~nats_subscription_state() {
  retire();
}

nats_subscription_actor::behavior_type nats_subscription(nats_subscription_self self,
                                                         nats_subscription_settings settings, forwarder_ptr forward) {
  harden(self);
  auto& state = self->state;
  state.limiter = settings.protocol && settings.metrics
                    ? std::make_shared<in_flight_limiter>(settings.queue_length, *settings.protocol, settings.metrics)
                    : std::make_shared<in_flight_limiter>(settings.queue_length);
  if (settings.on_limiter)
    settings.on_limiter(state.limiter->count());
  state.settings = std::move(settings);
  state.number = state.settings.first_number;
  state.forward = std::make_shared<forwarder_slot>(std::move(forward));
  if (state.settings.feed)
    state.watch.emplace(state.settings.feed, state.settings.settling);
  self->send(self, watch_v);
  return {
    [self](nats_atom, const nats_state_ptr& nats) { take_connection(self, nats); },
    [self](drain_atom) -> caf::result<bool> {
      const auto promise = self->state.drains.add(self->make_response_promise<bool>());
      drain(self);
      return promise;
    },
    [self](peer_atom, const forwarder_ptr& forward_to) { self->state.forward->store(forward_to); },
    [self](confirm_atom, std::uint64_t number) { take_confirmation(self, number); },
    [self](refused_atom, std::uint64_t number) { take_refusal(self, number); },
    [self](watch_atom) { watch(self); },
    [self](drained_atom) { self->state.drained = self->state.draining; },
    [self](tick_atom) {
      if (self->state.draining)
        answer_if_drained(self);
      else
        subscribe(self);
    },
  };
}

} // namespace cm::actors
