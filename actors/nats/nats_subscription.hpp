// A subscription on one subject: decodes, admits, hands on.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "actors/nats/in_flight_limiter.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "core/credentials/token_key.hpp"
#include "core/observability/metrics.hpp"
#include "messaging/nats/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <chrono>
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
  std::shared_ptr<in_flight_limiter> limiter;
  std::function<void(const delivery&)> hand_on;   ///< to whoever works on it now; any thread
  std::shared_ptr<const core::token_keyer> keyer; ///< names the tokens of requests

  /// For a decoder that may take its time, and from within it only: whether more than half of what the NATS library
  /// keeps for this subscription waits already, beyond which it drops messages.
  std::function<bool()> nearly_full;
  std::function<bool()> ending; ///< whether the subscription is to end; likewise
};

/// Called on the library's thread, one batch at a time; shares nothing with the actor but the door.
using decoder = std::function<void(messaging::message_batch)>;

struct nats_subscription_settings {
  std::string subject;
  std::optional<std::string> queue_group;
  std::size_t queue_length = 4096; ///< messages in the house at once; what becomes of those beyond is the decoder's
  std::function<decoder(decoder_context)> make_decoder; ///< one for each connection

  /// Most messages and bytes that may wait in the NATS library; it drops those beyond.
  int pending_messages = messaging::subscription_options{}.pending_messages;
  int pending_bytes = messaging::subscription_options{}.pending_bytes;
  std::function<void(std::uint64_t count)> on_dropped; ///< told of those, within a second; may be empty

  /// How much of what was handed on is not done yet, beside what `door` counts: draining waits for it. May be empty.
  std::function<std::size_t()> unfinished;
  std::shared_ptr<const core::token_keyer> keyer;
  std::shared_ptr<core::named_counters::entry> counters; ///< of this subscription; may be null
  std::shared_ptr<core::metrics> metrics;                ///< where answers are counted; may be null
  std::optional<core::ecap_protocol> protocol;           ///< of the requests, where they are some
  /// Gets the count of what has come through the door and is not done; may be empty.
  std::function<void(std::shared_ptr<const std::atomic<std::size_t>>)> on_limiter;
  /// Told of each subscription by a number and its connection, and (null) when it ends before another is made; may be
  /// empty.
  std::function<void(std::uint64_t number, const nats_connection_ptr&)> on_listening;
  std::uint64_t first_number = 0;        ///< what the numbers of the subscriptions that this actor makes begin behind
  std::shared_ptr<revocation_feed> feed; ///< of the events of this subscription; may be null
  std::chrono::milliseconds settling{1000}; ///< until all servers of a cluster know of the subscription
};

/// Where deliveries go; written by the actor, read by the library's thread.
using forwarder_slot = std::atomic<forwarder_ptr>;

/// Keeps a subscription whose actor is gone until its last message was handed over and answered.
struct retired_subscription {
  std::unique_ptr<messaging::subscription> subscription;
};

struct nats_subscription_state {
  static inline const char* name = "nats-subscription";

  nats_subscription_settings settings;
  std::shared_ptr<forwarder_slot> forward;
  std::shared_ptr<messaging::connection> connection;
  std::shared_ptr<in_flight_limiter> limiter;
  std::shared_ptr<std::atomic<bool>> ending;             ///< of the present subscription; its decoder looks
  std::unique_ptr<messaging::subscription> subscription; ///< after the connection, so that it goes before it
  std::shared_ptr<retired_subscription> retirement;
  std::optional<feed_watch> watch;
  std::uint64_t dropped = 0; ///< by the present subscription, counted already
  std::vector<caf::typed_response_promise<bool>> drains;
  std::uint64_t number = 0; ///< of the present subscription
  bool confirmed = false;   ///< the server has the present subscription
  bool link_up = false;     ///< the connection is there, and a round trip has shown it since it was made
  bool draining = false;
  bool drained = false;

  /// What the library still holds is handed over.
  ~nats_subscription_state();

  /// Lets the subscription finish on its own.
  void retire();

  /// Somebody outside is to know of the present subscription, or that there is none.
  void tell() const;

  /// Counts what the present subscription has lost since, and what waits in it.
  void measure();
};

/// Messages are decoded on the library's thread, a batch at a time, and go from there to whom `forward` names, without
/// a stop here: this actor keeps the subscription, not its messages.
nats_subscription_actor::behavior_type
nats_subscription(nats_subscription_actor::stateful_pointer<nats_subscription_state> self,
                  nats_subscription_settings settings, forwarder_ptr forward);

} // namespace cm::actors
