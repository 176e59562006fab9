#include "actors/nats_subscription.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"

#include <caf/send.hpp>

#include <bit>
#include <functional>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

using nats_subscription_self = nats_subscription_actor::stateful_pointer<nats_subscription_state>;
using request_record = messaging::ecap::endpoint_token_validation_request;

constexpr std::chrono::milliseconds retry_period{250};
constexpr std::chrono::milliseconds drain_period{5};
constexpr std::chrono::milliseconds drain_timeout{5000};

const std::shared_ptr<spdlog::logger>& subscription_log() {
  static const auto logger = core::logger("cm.ecap");
  return logger;
}

/// Runs on the library's thread and shares nothing with the actor but the door.
class decoder {
public:
  decoder(nats_subscription_actor target, std::shared_ptr<messaging::connection> connection,
          std::shared_ptr<admission> door)
    : target_(std::move(target)), connection_(std::move(connection)), door_(std::move(door)) {}

  void operator()(messaging::message_batch batch) {
    auto calls = std::make_shared<token_calls>(connection_, door_);
    token_calls overflow(connection_, door_);    // answered 503 when it goes
    reply_batch undecodable(connection_, door_); // published when it goes
    for (auto& message : batch)
      take(std::move(message), *calls, overflow, undecodable);
    if (!calls->empty())
      caf::anon_send(target_, validate_v, std::move(calls));
  }

private:
  void take(messaging::message message, token_calls& calls, token_calls& overflow, reply_batch& undecodable) {
    if (std::string_view(message.reply()).empty()) {
      // Nobody waits for an answer: there is nothing to do but to say so, now and then.
      if (std::has_single_bit(++unanswerable_))
        subscription_log()->warn("{} requests came without a reply subject and were dropped", unanswerable_);
      return;
    }
    const bool admitted = door_->enter();
    const auto decoded = messaging::decode<request_record>(message.payload());
    if (decoded.has_error()) {
      subscription_log()->debug("a request cannot be decoded: {}", decoded.error().problem);
      refuse_undecodable(std::move(message), decoded.error().correlation_id, undecodable);
      return;
    }
    (admitted ? calls : overflow).add({std::move(message), *decoded});
  }

  nats_subscription_actor target_;
  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<admission> door_;
  std::uint64_t unanswerable_ = 0;
};

void subscribe(nats_subscription_self self) {
  auto& state = self->state;
  if (!state.connection || state.subscription || state.draining)
    return;
  const auto me = caf::actor_cast<nats_subscription_actor>(self);
  messaging::subscription_options options;
  options.queue_group = state.settings.queue_group;
  state.retirement = std::make_shared<retired_subscription>();
  auto opened =
    messaging::subscription::open(state.connection, state.settings.subject, options,
                                  decoder(me, state.connection, state.door), [me, retirement = state.retirement] {
                                    retirement->subscription.reset();
                                    caf::anon_send(me, drained_v);
                                  });
  if (opened.has_error()) {
    subscription_log()->error("cannot subscribe to {}: {}", state.settings.subject, opened.error().message);
    self->delayed_send(self, retry_period, tick_v);
    return;
  }
  state.subscription = std::move(*opened);
  subscription_log()->info("listening on {}", state.settings.subject);
}

void take_connection(nats_subscription_self self, const nats_state_ptr& nats) {
  auto& state = self->state;
  if (nats->connection == state.connection)
    return; // the library subscribes anew after a reconnect
  state.retire();
  state.connection = nats->connection;
  subscribe(self);
}

void shard(nats_subscription_self self, const token_calls_ptr& calls) {
  const auto& validators = self->state.validators;
  if (validators.size() == 1) {
    self->send(validators.front(), validate_v, calls);
    return;
  }
  std::vector<token_calls_ptr> parts(validators.size());
  for (auto& call : calls->take()) {
    const auto index = std::hash<std::string_view>{}(call.request.token) % validators.size();
    if (!parts[index])
      parts[index] = calls->make_calls();
    parts[index]->add(std::move(call));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i])
      self->send(validators[i], validate_v, std::move(parts[i]));
  }
}

void answer_if_drained(nats_subscription_self self) {
  auto& state = self->state;
  if (!state.drained || state.door->inside() > 0) {
    self->delayed_send(self, drain_period, tick_v);
    return;
  }
  for (auto& promise : std::exchange(state.drains, {}))
    promise.deliver(true);
}

void drain(nats_subscription_self self) {
  auto& state = self->state;
  if (!std::exchange(state.draining, true)) {
    if (!state.subscription || state.subscription->drain(drain_timeout).has_error()) {
      state.subscription.reset();
      state.drained = true;
    }
  }
  answer_if_drained(self);
}

} // namespace

void nats_subscription_state::retire() {
  if (!subscription)
    return;
  auto keeper = std::exchange(retirement, nullptr);
  keeper->subscription = std::move(subscription);
  // Closed already: nothing comes any more.
  if (keeper->subscription->drain(drain_timeout).has_error())
    keeper->subscription.reset();
}

nats_subscription_state::~nats_subscription_state() {
  retire();
  for (auto& promise : drains)
    promise.deliver(false);
}

nats_subscription_actor::behavior_type nats_subscription(nats_subscription_self self,
                                                         nats_subscription_settings settings,
                                                         std::vector<token_validator_actor> validators) {
  harden(self);
  auto& state = self->state;
  state.door = std::make_shared<admission>(settings.queue_length);
  state.settings = std::move(settings);
  state.validators = std::move(validators);
  return {
    [self](nats_atom, const nats_state_ptr& nats) { take_connection(self, nats); },
    [self](validate_atom, const token_calls_ptr& calls) { shard(self, calls); },
    [self](drain_atom) -> caf::result<bool> {
      auto promise = self->make_response_promise<bool>();
      self->state.drains.push_back(promise);
      drain(self);
      return promise;
    },
    [self](peer_atom, std::size_t index, const token_validator_peer& peer) {
      if (index < self->state.validators.size())
        self->state.validators[index] = peer.handle;
    },
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
