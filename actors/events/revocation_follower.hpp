// Follows the table `revocation`, so that revocations whose events NATS does not deliver reach this replica, and the
// listeners on its side of a network partition.
#pragma once

#include "actors/events/outbox_metrics.hpp"
#include "actors/events/received_events.hpp"
#include "actors/events/revocation_tail.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>

namespace cm::actors {

struct revocation_follower_settings {
  std::chrono::milliseconds period{750};   ///< between two readings of the table
  std::chrono::milliseconds deadline{700}; ///< of one request to the database
  /// How long to wait for an event over NATS after its row was read, before this replica publishes it too. Drawn at
  /// random between the two, so that of several replicas that have missed it one is first, and the others receive its
  /// event.
  std::chrono::milliseconds min_grace{250};
  std::chrono::milliseconds max_grace{550};
  std::chrono::milliseconds max_wait{30'000};     ///< for a working NATS subscription, until a missed event is given up
  std::chrono::milliseconds gap_patience{35'000}; ///< longest duration of a transaction: a few exchanges of 10 s each
  std::chrono::milliseconds generation_period{60'000}; ///< of the received events, see received_events
  std::chrono::milliseconds check_period{3'000};       ///< between checks of the hash key and of the table's end
  std::size_t max_missed = 10'000;                     ///< revocations whose events are awaited
  std::size_t max_missed_bytes = 16U << 20U;           ///< memory of these
  std::shared_ptr<revocation_feed> token_feed;         ///< events of endpoint tokens
  std::shared_ptr<revocation_feed> client_feed;        ///< events of client credentials
  std::shared_ptr<outbox_metrics> metrics;
};

struct revocation_follower_state {
  static inline const char* name = "revocation-follower";

  /// A revocation that was read in the database, but whose event has not arrived over NATS yet.
  struct missed_event {
    core::revocation event;
    core::steady_time due;   ///< this replica publishes it then, unless it has arrived
    core::steady_time until; ///< given up then
  };

  revocation_follower_settings settings;
  request_deadlines deadlines;
  storage_gate_actor gate;
  event_publisher_actor publisher;
  forwarder_ptr invalidate; ///< to the token validators
  std::optional<revocation_tail> tail;
  received_events received;
  core::steady_time next_generation{};
  core::steady_time next_check{};
  std::deque<missed_event> missed;
  std::size_t missed_bytes = 0;
  waiting_replies<bool> waiting{false}; ///< requests for the next reading
  waiting_replies<bool> served{false};  ///< requests that the reading in progress answers
  std::minstd_rand random;
  bool reading = false;
  bool nats_up = false;
  bool failing = false;
};

/// The database is the authority on revocations, NATS the fast path. Every `period` this actor reads the new rows:
/// - it invalidates their tokens in the validators' caches, whether or not an event has arrived;
/// - if an event does not arrive within the grace time, it has the publisher publish it, because listeners on this side
///   of a partition between NATS servers have not received it either.
///
/// On request it reads at once, for a response that must reflect what other replicas have committed.
revocation_follower_actor::behavior_type
revocation_follower(revocation_follower_actor::stateful_pointer<revocation_follower_state> self,
                    revocation_follower_settings settings, storage_gate_actor gate, event_publisher_actor publisher);

} // namespace cm::actors
