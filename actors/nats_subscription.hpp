// A subscription on one subject: decodes, admits, hands on.
#pragma once

#include "actors/actors.hpp"
#include "messaging/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

/// What a decoder works with.
struct decoder_context {
  std::shared_ptr<messaging::connection> connection; ///< answers go out on it
  std::shared_ptr<admission> door;
  std::function<void(delivery)> hand_on; ///< to the subscription's actor; any thread
};

/// Called on the library's thread, one batch at a time; shares nothing with the actor but the door.
using decoder = std::function<void(messaging::message_batch)>;

struct nats_subscription_settings {
  std::string subject;
  std::optional<std::string> queue_group;
  std::size_t queue_length = 4096; ///< messages in the house at once; what becomes of those beyond is the decoder's
  std::function<decoder(decoder_context)> make_decoder; ///< one for each connection
};

/// Keeps a subscription whose actor is gone until its last message was handed over and answered.
struct retired_subscription {
  std::unique_ptr<messaging::subscription> subscription;
};

struct nats_subscription_state {
  static inline const char* name = "nats-subscription";

  nats_subscription_settings settings;
  forwarder_ptr forward;
  std::shared_ptr<messaging::connection> connection;
  std::shared_ptr<admission> door;
  std::unique_ptr<messaging::subscription> subscription; ///< after the connection, so that it goes before it
  std::shared_ptr<retired_subscription> retirement;
  std::vector<caf::typed_response_promise<bool>> drains;
  bool draining = false;
  bool drained = false;

  /// What the library still holds is handed over, and answered 503 for want of this actor.
  ~nats_subscription_state();

  /// Lets the subscription finish on its own.
  void retire();
};

/// Messages are decoded on the library's thread, a batch at a time, and come here as deliveries, which go on to whom
/// `forward` names.
nats_subscription_actor::behavior_type
nats_subscription(nats_subscription_actor::stateful_pointer<nats_subscription_state> self,
                  nats_subscription_settings settings, forwarder_ptr forward);

} // namespace cm::actors
