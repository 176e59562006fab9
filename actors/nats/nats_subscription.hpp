// The actor that keeps the subscription on one subject. Its messages are decoded, admitted and forwarded on the NATS
// library's thread.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "actors/nats/ecap_protocol.hpp"
#include "actors/nats/in_flight_limiter.hpp"
#include "actors/nats/in_flight_ticket.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "actors/nats/path_proof.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/credentials/token_key.hpp"
#include "messaging/nats/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cm::actors {

/// What a decoder uses.
struct decoder_context {
  request_origin_ptr origin;                      ///< of the requests
  std::function<void(const delivery&)> forward;   ///< sends a delivery to the actor that handles it; thread-safe
  std::shared_ptr<const core::token_keyer> keyer; ///< computes the keys of the requests' tokens

  /// For a decoder that may wait: whether the subscription's queue in the NATS library is more than half full. The
  /// library drops messages when it is full. To be called from within the decoder only.
  std::function<bool()> nearly_full;
  std::function<bool()> ending; ///< whether the subscription is about to end; from within the decoder only
};

/// Called on the library's thread, one batch at a time. Shares only the in-flight limiter with the actor. If it throws,
/// the batch counts as dropped, like one that the library drops.
using decoder = std::function<void(messaging::message_batch)>;

struct nats_subscription_settings {
  std::string subject;
  std::optional<std::string> queue_group;
  std::size_t queue_length = 4096; ///< the in-flight limit; the decoder decides about messages beyond it
  std::function<decoder(decoder_context)> make_decoder; ///< called for each subscription

  origin_options origin;                      ///< of the requests
  std::shared_ptr<decoder_progress> progress; ///< of the decoder; may be null

  /// Limits of the subscription's queue in the NATS library, in messages and bytes; the library drops what exceeds
  /// them.
  int pending_messages = messaging::subscription_options{}.pending_messages;
  int pending_bytes = messaging::subscription_options{}.pending_bytes;
  std::function<void(std::uint64_t count)> on_dropped; ///< called within a second after such losses; may be empty

  /// The number of forwarded items that are not finished and that the in-flight limiter does not count: a drain waits
  /// for them too. May be empty.
  std::function<std::size_t()> unfinished;
  std::shared_ptr<const core::token_keyer> keyer;
  std::shared_ptr<core::named_counters::entry> counters; ///< of this subscription; may be null
  std::shared_ptr<nats_metrics> metrics;                 ///< counts the replies; may be null
  std::optional<ecap_protocol> protocol;                 ///< absent if the messages are not requests of 16/ECAP
  /// Receives the in-flight count, once, when the actor starts; may be empty.
  std::function<void(std::shared_ptr<const std::atomic<std::size_t>>)> on_limiter;
  /// Called with the number and the connection of each new subscription, and with a null connection when a subscription
  /// has ended without a successor. May be empty.
  std::function<void(std::uint64_t number, const nats_connection_ptr&)> on_listening;
  std::uint64_t first_number = 0;           ///< the actor's subscriptions have the numbers that follow it, one each
  std::shared_ptr<revocation_feed> feed;    ///< set for a subscription to revocation events; else null
  std::chrono::milliseconds settling{1000}; ///< time in which all servers of a cluster learn of the subscription
};

/// The current forwarder. Written by the actor, read by the library's thread.
using forwarder_slot = std::atomic<forwarder_ptr>;

/// Keeps a subscription that its actor has given up until the library has delivered its last message.
struct retired_subscription {
  std::unique_ptr<messaging::subscription> subscription;
};

struct nats_subscription_state {
  static inline const char* name = "nats-subscription";

  nats_subscription_settings settings;
  std::shared_ptr<forwarder_slot> forward;
  std::shared_ptr<messaging::connection> connection;
  std::shared_ptr<in_flight_limiter> limiter;
  std::shared_ptr<std::atomic<bool>> ending;             ///< of the current subscription; its decoder reads it
  std::unique_ptr<messaging::subscription> subscription; ///< declared after the connection, so destroyed before it
  std::shared_ptr<retired_subscription> retirement;      ///< takes over the current subscription when it is retired
  std::optional<feed_watch> watch;
  std::uint64_t dropped = 0; ///< losses of the current subscription that were counted already
  waiting_replies<bool> drains{false};
  std::uint64_t number = 0;                        ///< of the current subscription
  bool confirmed = false;                          ///< the server has confirmed the current subscription
  std::optional<core::steady_time> last_confirmed; ///< when the server last confirmed a subscription
  bool link_up = false;                            ///< the state that nats-link reported last
  bool draining = false;
  bool drained = false; ///< the library has delivered the last message

  /// Retires the subscription.
  ~nats_subscription_state();

  /// Unsubscribes. The library still delivers the messages that it has received.
  void retire();

  /// Calls on_listening.
  void report_listening() const;

  /// Updates the counters of lost and waiting messages.
  void measure();
};

/// To be spawned detached: functions of the connection block. Messages do not pass through this actor: the library's
/// thread decodes them, a batch at a time, and sends the deliveries to the actors that `forward` names.
nats_subscription_actor::behavior_type
nats_subscription(nats_subscription_actor::stateful_pointer<nats_subscription_state> self,
                  nats_subscription_settings settings, forwarder_ptr forward);

} // namespace cm::actors
