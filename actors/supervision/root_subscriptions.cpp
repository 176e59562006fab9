#include "actors/supervision/root_subscriptions.hpp"

#include "actors/changes/removal_decoder.hpp"
#include "actors/changes/removal_metrics.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/nats/decoders.hpp"
#include "actors/nats/ecap_protocol.hpp"
#include "actors/nats/nats_subscription.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/nats/self_test.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_children.hpp"
#include "core/base/uuid.hpp"
#include "messaging/nats/refusals.hpp"
#include "messaging/records/subjects.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace cm::actors {

namespace {

// Limits of the NATS library's queue for events of the endpoint register. They come in bursts and are not repeated, so
// the library queues them while the backlog is full. Beyond half of the limits CM takes them out and drops them itself,
// so that it can name them (removal_intake); the other half is for events that arrive until it does. An event takes
// about 350 bytes there, so half of the message limit is 23 MiB.
constexpr int unread_events = 131'072;
constexpr int unread_event_bytes = 32 * 1024 * 1024;

// Limits of the NATS library's queue of every other subscription: half of the byte budget, and at least four
// messages of the server's usual max_payload. A message takes about as much again besides its payload if it is small.
void bound_queue(nats_subscription_settings& settings, std::size_t budget) {
  constexpr std::size_t least = std::size_t{4} * 1024 * 1024;
  constexpr std::size_t small_message = 128;
  const auto bytes = std::clamp<std::size_t>(budget / 2, least, static_cast<std::size_t>(settings.pending_bytes));
  settings.pending_bytes = static_cast<int>(bytes);
  settings.pending_messages = std::min(settings.pending_messages, static_cast<int>(bytes / small_message));
}

// Distributes requests to the validators by a digest of application and token, so that equal tokens always go to the
// same validator, which caches them.
void shard(const std::vector<token_validator_actor>& validators, const pending_token_requests_ptr& requests) {
  if (validators.size() == 1) {
    caf::anon_send(validators.front(), validate_v, requests);
    return;
  }
  std::vector<pending_token_requests_ptr> parts(validators.size());
  const auto expected = requests->peek().size() / validators.size() * 5 / 4 + 1; // a quarter more than the average
  for (auto& request : requests->take()) {
    const auto index = (request.key.second >> 32U) % validators.size();
    if (!parts[index]) {
      parts[index] = requests->make_pending();
      parts[index]->reserve(expected);
    }
    parts[index]->add(std::move(request));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i])
      caf::anon_send(validators[i], validate_v, std::move(parts[i]));
  }
}

// Sends each test request to the validator that it is for.
void spread_test(const std::vector<token_validator_actor>& validators, const pending_token_requests_ptr& requests) {
  for (auto& request : requests->take()) {
    auto part = requests->make_pending();
    const auto validator = tested_validator(request.request.correlation_id).value_or(0) % validators.size();
    part->add(std::move(request));
    caf::anon_send(validators[validator], validate_v, std::move(part));
  }
}

// Makes a forwarder that calls `function` with deliveries of one type.
template <class Delivered, class Function>
forwarder_ptr forward(Function function) {
  return std::make_shared<const forwarder>([function = std::move(function)](const delivery& received) {
    if (const auto* delivered = std::get_if<Delivered>(&received))
      function(*delivered);
  });
}

void describe(root_pointer self, std::string name, nats_subscription_settings settings,
              std::function<forwarder_ptr()> make_forwarder) {
  auto& added = self->state.subscriptions.emplace_back();
  bound_queue(settings, self->state.request_bytes->limit());
  settings.counters = self->state.settings.metrics->nats->subscriptions.get(name);
  added.name = std::move(name);
  added.settings = std::move(settings);
  added.make_forwarder = std::move(make_forwarder);
}

// Settings for requests: the queue group distributes them among the replicas of the instance.
nats_subscription_settings request_settings(const root_state& state, ecap_protocol protocol, std::string subject,
                                            std::function<decoder(decoder_context)> make_decoder) {
  nats_subscription_settings settings;
  settings.metrics = state.settings.metrics->nats;
  settings.protocol = protocol;
  settings.on_limiter = [metrics = settings.metrics, protocol](auto count) {
    metrics->in_flight[static_cast<std::size_t>(protocol)].link(std::move(count));
  };
  settings.subject = std::move(subject);
  settings.queue_group = state.settings.settings.instance_name;
  settings.queue_length = state.settings.settings.credentials.provider_queue_length;
  settings.make_decoder = std::move(make_decoder);
  settings.keyer = state.keyer;
  settings.origin = {state.request_bytes, state.writer->late(), false};
  settings.progress = std::make_shared<decoder_progress>();
  return settings;
}

void describe_requests(root_pointer self) {
  namespace subjects = messaging::subjects;
  const auto& state = self->state;
  const auto& instance = state.settings.settings.instance_name;
  describe(
    self, "nats-ep-token",
    request_settings(state, ecap_protocol::ep_token, subjects::ep_token_request(instance), token_request_decoder),
    [self] {
      return forward<pending_token_requests_ptr>(
        [validators = self->state.handles.all<child_kind::token_validator>()](
          const pending_token_requests_ptr& requests) { shard(validators, requests); });
    });
  describe(self, "nats-ep-token-status",
           request_settings(state, ecap_protocol::ep_token_status,
                            subjects::ep_token_status_transition_request(instance), token_transition_decoder),
           [self] {
             return forward<pending_transition_requests_ptr>(
               [to = self->state.handles.get<child_kind::token_transitioner>()](
                 const pending_transition_requests_ptr& requests) { caf::anon_send(to, validate_v, requests); });
           });
  describe(self, "nats-client-password",
           request_settings(state, ecap_protocol::client_password, subjects::client_username_password_request(instance),
                            password_request_decoder),
           [self] {
             return forward<pending_password_requests_ptr>(
               [to = self->state.handles.get<child_kind::client_validator>()](
                 const pending_password_requests_ptr& requests) { caf::anon_send(to, validate_v, requests); });
           });
  describe(self, "nats-client-certificate",
           request_settings(state, ecap_protocol::client_certificate, subjects::client_certificate_request(instance),
                            certificate_request_decoder),
           [self] {
             return forward<pending_certificate_requests_ptr>(
               [to = self->state.handles.get<child_kind::client_validator>()](
                 const pending_certificate_requests_ptr& requests) { caf::anon_send(to, validate_v, requests); });
           });
}

// Requests of CM itself, to this replica alone.
void describe_self_test(root_pointer self) {
  auto& state = self->state;
  state.self_test_subject = "_INBOX." + core::to_string(core::random_uuid());
  nats_subscription_settings settings;
  settings.subject = state.self_test_subject;
  settings.queue_length = 4 * token_validator_count(state); // of those that a blocked validator does not answer
  settings.make_decoder = token_request_decoder;
  settings.keyer = state.keyer;
  settings.origin = {state.request_bytes, state.writer->late(), true};
  describe(self, "nats-self-test", std::move(settings), [self] {
    return forward<pending_token_requests_ptr>(
      [validators = self->state.handles.all<child_kind::token_validator>()](
        const pending_token_requests_ptr& requests) { spread_test(validators, requests); });
  });
  state.subscriptions.back().settings.counters = nullptr;
}

void describe_endpoint_events(root_pointer self) {
  const auto& state = self->state;
  nats_subscription_settings settings;
  settings.subject =
    messaging::subjects::endpoint_unregistered(state.settings.settings.credentials.ep_register_instance);
  settings.queue_group = state.settings.settings.instance_name;
  settings.make_decoder = [backlog = state.removals,
                           metrics = state.settings.metrics->removals](decoder_context context) {
    return unregistered_event_decoder(std::move(context), backlog, metrics);
  };
  settings.unfinished = [backlog = state.removals] { return backlog->size(); };
  settings.on_dropped = [metrics = state.settings.metrics->removals](std::uint64_t count) {
    metrics->lost[static_cast<std::size_t>(removal_loss::unread)].add(count);
    core::logger("cm.elce")->error(
      "{} events of unregistered endpoints are lost unread, the tokens of these endpoints are still valid", count);
  };
  describe(self, "nats-ep-unregistered", std::move(settings), [self] {
    return forward<removal_news>([to = self->state.handles.get<child_kind::endpoint_remover>()](const removal_news&) {
      caf::anon_send(to, remove_v);
    });
  });
  auto& described = self->state.subscriptions.back().settings;
  described.pending_messages = unread_events;
  described.pending_bytes = unread_event_bytes;
}

// Without a queue group: every replica receives these events, because each has its own token cache.
void describe_revocations(root_pointer self) {
  const auto& state = self->state;
  nats_subscription_settings tokens;
  tokens.subject = messaging::subjects::endpoint_token_revoked(state.settings.settings.instance_name);
  tokens.make_decoder = revoked_tokens_event_decoder;
  tokens.feed = state.token_feed;
  describe(self, "nats-token-revoked", std::move(tokens), [self] { return self->state.invalidate; });

  nats_subscription_settings clients;
  clients.subject = messaging::subjects::client_credential_revoked(state.settings.settings.instance_name);
  clients.make_decoder = revoked_clients_event_decoder;
  clients.feed = state.client_feed;
  describe(self, "nats-client-revoked", std::move(clients), [self] { return self->state.invalidate; });
}

// Without a queue group: every replica receives these events, because each has its own directory of applications.
void describe_configuration(root_pointer self) {
  namespace subjects = messaging::subjects;
  const auto& settings = self->state.settings.settings;
  const auto add = [self](std::string name, std::string subject, std::function<decoder(decoder_context)> make_decoder) {
    nats_subscription_settings added;
    added.subject = std::move(subject);
    added.make_decoder = std::move(make_decoder);
    describe(self, std::move(name), std::move(added), [self] {
      return forward<configuration_news>([to = self->state.handles.get<child_kind::tekton_follower>()](
                                           const configuration_news&) { caf::anon_send(to, refresh_v); });
    });
  };
  const auto& tekton = settings.tekton.instance;
  add("nats-tekton-upsert", subjects::configuration_upserted(tekton), configuration_broadcast_decoder);
  add("nats-tekton-delete", subjects::configuration_deleted(tekton), configuration_broadcast_decoder);
  add("nats-own-upsert", subjects::own_configuration_upserted(settings.instance_name), configuration_update_decoder);
  add("nats-own-delete", subjects::own_configuration_deleted(settings.instance_name), configuration_update_decoder);
}

} // namespace

std::string subscription_name(const root_state& state, std::size_t index) {
  return state.subscriptions[index].name;
}

nats_subscription_actor spawn_subscription(root_pointer self, std::size_t index) {
  auto& described = self->state.subscriptions[index];
  auto settings = described.settings;
  settings.first_number = described.record.spawned();
  tell_readiness(self);
  settings.on_listening = [me = caf::actor_cast<root_actor>(self), index](std::uint64_t number,
                                                                          const nats_connection_ptr& connection) {
    caf::anon_send(me, listening_v, index, number, connection);
  };
  return self->spawn<caf::detached>(nats_subscription, std::move(settings), described.make_forwarder());
}

void describe_subscriptions(root_pointer self) {
  describe_revocations(self);
  describe_requests(self);
  describe_self_test(self);
  describe_endpoint_events(self);
  if (self->state.settings.settings.tekton.enabled)
    describe_configuration(self);
  for (const auto& subscription : self->state.subscriptions) {
    if (subscription.settings.progress)
      self->state.decoders.push_back({subscription.name, subscription.settings.progress});
  }
}

self_test_actor spawn_self_test(root_pointer self, std::size_t /*index*/, const health_actor& health) {
  const auto& state = self->state;
  self_test_settings settings;
  settings.request_subject = state.self_test_subject;
  settings.reply_subject = "_INBOX." + core::to_string(core::random_uuid());
  settings.validators = token_validator_count(state);
  settings.decoders = state.decoders;
  return self->spawn<caf::detached>(self_test, std::move(settings), health);
}

void take_listening(root_pointer self, std::size_t index, std::uint64_t number, const nats_connection_ptr& connection) {
  auto& subscription = self->state.subscriptions[index];
  auto next = subscription_record::task::none;
  if (connection)
    next = subscription.record.made(number);
  else
    subscription.record.ended(number);
  tell_readiness(self);
  if (next == subscription_record::task::retry)
    self->send(self->state.handles.all<child_kind::subscription>()[index], refused_v, number);
  if (next != subscription_record::task::confirm)
    return;
  // No time-out: the link answers when the server is available again, and readiness waits for that too. If the
  // connection or the link is replaced, the subscription is created again, and this function is called again.
  self->request(self->state.handles.get<child_kind::nats_link>(), caf::infinite, confirm_v, connection)
    .then(
      [self, index, number](bool confirmed) {
        auto& current = self->state.subscriptions[index];
        if (!confirmed || !current.record.confirmed(number))
          return;
        self->send(self->state.handles.all<child_kind::subscription>()[index], confirm_v, number);
        tell_readiness(self);
      },
      [](const caf::error& problem) {
        root_log()->info("a subscription is not confirmed yet: {}", describe_reason(problem));
      });
}

void take_refusal(root_pointer self, const std::string& text) {
  auto& subscriptions = self->state.subscriptions;
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    auto& subscription = subscriptions[i];
    if (!messaging::refuses_subscription(text, subscription.subject()))
      continue;
    if (!subscription.record.is_refused())
      root_log()->error("NATS does not permit the subscription to {}: CM retries it periodically",
                        subscription.subject());
    if (const auto number = subscription.record.refused(); number != 0)
      self->send(self->state.handles.all<child_kind::subscription>()[i], refused_v, number);
  }
  tell_readiness(self);
}

void tell_readiness(root_pointer self) {
  auto& state = self->state;
  bool ready = state.now == root_state::phase::serving;
  std::vector<std::string> refused;
  for (const auto& subscription : state.subscriptions) {
    const auto& record = subscription.record;
    if (record.is_refused())
      refused.push_back(subscription.subject());
    ready = ready && (record.is_confirmed() || (record.is_refused() && !subscription.answers()));
  }
  if (refused != state.refused_subjects) {
    state.refused_subjects = std::move(refused);
    state.settings.metrics->nats->connection.refused_subscriptions.set(state.refused_subjects.size());
    self->send(state.handles.get<child_kind::health>(), refused_v, state.refused_subjects);
  }
  if (std::exchange(state.ready, ready) != ready)
    self->send(state.handles.get<child_kind::health>(), ready_v, ready);
}

} // namespace cm::actors
