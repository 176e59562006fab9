#include "actors/nats/self_test.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/records/avro.hpp"
#include "messaging/records/ecap.hpp"

#include <caf/send.hpp>

#include <charconv>
#include <utility>

namespace cm::actors {

namespace {

using self_test_self = self_test_actor::stateful_pointer<self_test_state>;
using test_request = messaging::ecap::endpoint_token_validation_request;
using test_response = messaging::ecap::endpoint_token_validation_response;

constexpr std::string_view test_id = "self-test-";
constexpr std::int32_t expired_status = 408;

// Sends the actor the validators that have answered. A 503 proves nothing: the decoder itself sends it.
void take_replies(const self_test_actor& me, const messaging::message_batch& replies) {
  for (const auto& reply : replies) {
    const auto decoded = messaging::decode<test_response>(reply.payload());
    if (decoded.has_error() || decoded->status_code != expired_status)
      continue;
    if (const auto validator = tested_validator(decoded->correlation_id))
      caf::anon_send(me, answer_v, std::uint64_t{*validator});
  }
}

void take_state(self_test_self self, const nats_state_ptr& nats) {
  auto& state = self->state;
  state.nats = nats;
  state.proof->suspend();
  state.next_round = self->clock().now();
  if (nats->connection == state.connection)
    return;
  state.replies.reset();
  state.connection = nats->connection;
}

void listen(self_test_self self) {
  auto& state = self->state;
  if (!state.connection || state.replies)
    return;
  auto opened =
    messaging::subscription::open(state.connection, state.settings.reply_subject, {},
                                  [me = caf::actor_cast<self_test_actor>(self)](
                                    const messaging::message_batch& replies) { take_replies(me, replies); });
  if (opened.has_value()) // else the connection is closed, and another one follows
    state.replies = std::move(*opened);
}

void send_round(self_test_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const bool able = state.nats && state.nats->up && state.replies;
  if (!able || now < state.next_round)
    return;
  state.next_round = now + state.settings.period;
  state.proof->sent(now);
  for (std::size_t i = 0; i < state.settings.validators; ++i) {
    const auto code = state.connection->publish_request(state.settings.request_subject.c_str(),
                                                        state.settings.reply_subject.c_str(), encode_test_request(i));
    if (code != core::errc::none)
      state.proof->suspend(); // the connection is lost: nats-link reports it
  }
}

void report(self_test_self self) {
  auto& state = self->state;
  core::request_path_health health;
  health.error = state.proof->blocked(self->clock().now());
  health.status = health.error.empty() ? core::health_status::up : core::health_status::down;
  if (health.error != state.reported) {
    if (health.error.empty())
      core::logger("cm.health")->info("requests get through again");
    else
      core::logger("cm.health")->error("requests do not get through: {}", health.error);
    state.reported = health.error;
  }
  self->send(state.health, report_v, std::make_shared<const component_report>(std::move(health)));
}

} // namespace

std::string encode_test_request(std::size_t validator) {
  const auto id = std::string(test_id) + std::to_string(validator);
  test_request request;
  request.correlation_id = id;
  request.timestamp = 1; // in 1970
  request.timeout = 1;
  request.app_name = "self-test";
  request.token = "self-test";
  std::string out;
  messaging::encode(request, out);
  return out;
}

std::optional<std::size_t> tested_validator(std::string_view correlation_id) noexcept {
  if (!correlation_id.starts_with(test_id))
    return std::nullopt;
  const auto digits = correlation_id.substr(test_id.size());
  std::size_t out = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (problem != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return out;
}

self_test_actor::behavior_type self_test(self_test_self self, self_test_settings settings, health_actor health) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.proof.emplace(settings.proof, settings.validators, settings.decoders);
  state.settings = std::move(settings);
  state.health = std::move(health);
  return {
    [self](nats_atom, const nats_state_ptr& nats) { take_state(self, nats); },
    [self](peer_atom, const health_peer& peer) { self->state.health = peer.handle; },
    [self](answer_atom, std::uint64_t validator) { self->state.proof->answered(static_cast<std::size_t>(validator)); },
    every(self, period, first_run::at_once, tick_v,
          [self] {
            listen(self);
            send_round(self);
            report(self);
          }),
  };
}

} // namespace cm::actors
