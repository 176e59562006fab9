// The actor that proves that requests get through: it sends CM test requests and waits for the answers.
#pragma once

#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/path_proof.hpp"
#include "messaging/nats/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

struct self_test_settings {
  std::string request_subject; ///< of this process only: the requests of its subscription go to all validators in turn
  std::string reply_subject;   ///< of this process only
  std::size_t validators = 1;
  std::vector<watched_decoder> decoders;
  path_proof_settings proof;
  std::chrono::milliseconds tick{250};    ///< period of the reports to health
  std::chrono::milliseconds period{1000}; ///< of the test requests
};

/// A test request for the token validator with this index. It has expired, so it is answered 408 without a look-up, and
/// in trustful mode too.
[[nodiscard]] std::string encode_test_request(std::size_t validator);

/// The validator that a test request with this correlation ID is for; empty if it is not the ID of a test request.
[[nodiscard]] std::optional<std::size_t> tested_validator(std::string_view correlation_id) noexcept;

struct self_test_state {
  static inline const char* name = "self-test";
  self_test_settings settings;
  health_actor health;
  nats_state_ptr nats;
  nats_connection_ptr connection;                   ///< of the subscription
  std::unique_ptr<messaging::subscription> replies; ///< declared after the connection, so it is destroyed before it
  std::optional<path_proof> proof;
  core::steady_time next_round{};
  std::string reported; ///< what was blocked at the last report
};

/// To be spawned detached: functions of the connection block. A test request goes the way of others: over NATS to a
/// subscription with the decoder of token validation requests, to a validator, to the egress, and over NATS back. The
/// threads of the other decoders are watched (decoder_progress). No metric counts the requests.
self_test_actor::behavior_type self_test(self_test_actor::stateful_pointer<self_test_state> self,
                                         self_test_settings settings, health_actor health);

} // namespace cm::actors
