// Follows the table revocation, so that what NATS does not carry reaches this replica and the listeners on its side.
#pragma once

#include "actors/events/heard_events.hpp"
#include "actors/events/revocation_tail.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/observability/metrics.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace cm::actors {

struct revocation_follower_settings {
  std::chrono::milliseconds period{750};   ///< from one reading to the next
  std::chrono::milliseconds deadline{700}; ///< of one question to the database
  /// An event is on its way for at most so long; drawn at random between the two, so that of several replicas that did
  /// not hear it one is first, and the others hear that one.
  std::chrono::milliseconds min_grace{250};
  std::chrono::milliseconds max_grace{550};
  std::chrono::milliseconds max_wait{30'000};     ///< for a NATS connection on which an unheard event can be published
  std::chrono::milliseconds gap_patience{35'000}; ///< longest life of a transaction: a few exchanges of 10 s each
  std::chrono::milliseconds turn{60'000};         ///< of what was heard
  std::chrono::milliseconds look_period{3'000};   ///< from one look at the hash key and at the table's end to the next
  std::size_t max_unheard = 10'000;               ///< revocations that wait to be heard or published
  std::size_t max_unheard_bytes = 16U << 20U;
  std::shared_ptr<revocation_feed> token_feed;  ///< the subscription to events of tokens
  std::shared_ptr<revocation_feed> client_feed; ///< to events of client credentials
  std::shared_ptr<core::metrics> metrics;
};

struct revocation_follower_state {
  static inline const char* name = "revocation-follower";

  /// A revocation that was read in the database and not heard of over NATS.
  struct unheard_event {
    core::revocation event;
    core::steady_time due;   ///< published then, unless it was heard
    core::steady_time until; ///< given up then
  };

  revocation_follower_settings settings;
  request_deadlines deadlines;
  storage_gate_actor gate;
  event_publisher_actor publisher;
  forwarder_ptr invalidate; ///< to the validators
  std::optional<revocation_tail> tail;
  heard_events heard;
  core::steady_time next_turn{};
  core::steady_time next_look{};
  std::deque<unheard_event> unheard;
  std::size_t unheard_bytes = 0;
  std::vector<caf::typed_response_promise<bool>> waiting; ///< for a reading that has not begun
  std::vector<caf::typed_response_promise<bool>> served;  ///< by the reading that is under way
  std::minstd_rand random;
  bool reading = false;
  bool nats_up = false;
  bool failing = false;

  /// Readings that were asked for are answered with false.
  ~revocation_follower_state();
};

/// The database is the truth about revocations, NATS the fast path. Every `period` this actor reads the rows that are
/// new:
/// - the tokens in them are dropped from the validators' memory, whether an event came or not;
/// - an event that was not heard within the grace time is handed to the publisher, since listeners on this side of a
/// cut
///   between NATS servers have not heard it either.
/// On request it reads at once, for an answer that must not be older than what other replicas have committed.
revocation_follower_actor::behavior_type
revocation_follower(revocation_follower_actor::stateful_pointer<revocation_follower_state> self,
                    revocation_follower_settings settings, storage_gate_actor gate, event_publisher_actor publisher);

} // namespace cm::actors
