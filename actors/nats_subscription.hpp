// The subscription to endpoint token validation requests: decodes, admits, shards.
#pragma once

#include "actors/actors.hpp"
#include "messaging/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

struct nats_subscription_settings {
  std::string subject;
  std::string queue_group;
  std::size_t queue_length = 4096; ///< requests in the house at once; those beyond are answered 503 at the door
};

/// Keeps a subscription whose actor is gone until its last message was handed over and answered.
struct retired_subscription {
  std::unique_ptr<messaging::subscription> subscription;
};

struct nats_subscription_state {
  static inline const char* name = "nats-ep-token";

  nats_subscription_settings settings;
  std::vector<token_validator_actor> validators;
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

/// Messages are decoded on the library's thread, a batch at a time, and come here as calls; a call that finds no room
/// is answered where it stands.
nats_subscription_actor::behavior_type
nats_subscription(nats_subscription_actor::stateful_pointer<nats_subscription_state> self,
                  nats_subscription_settings settings, std::vector<token_validator_actor> validators);

} // namespace cm::actors
