// Publishes the events of the outbox (contract 4.2). An event is deleted from the outbox only after the NATS server has
// confirmed it.
#pragma once

#include "actors/events/outbox_age.hpp"
#include "actors/events/outbox_metrics.hpp"
#include "actors/events/outbox_queue.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/reply_writer.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "storage/events/event_commands.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace cm::actors {

struct event_publisher_settings {
  std::string instance;
  std::string replica_id;
  std::size_t limit = 10000; ///< of events in memory; further ones stay in the outbox until a sweep
  std::size_t batch = 256;   ///< events per publishing step
  std::chrono::milliseconds lease = storage::outbox_lease - std::chrono::milliseconds{500};
  std::chrono::milliseconds confirm_timeout{500}; ///< for one round trip to the server
  std::chrono::milliseconds tick{250};            ///< period of small confirmations, retries and health reports
  std::chrono::milliseconds sweep{1000};          ///< period of the search for events that no replica publishes
  std::chrono::milliseconds deadline{3000};       ///< of a request to the database
  std::chrono::milliseconds drain_patience{2500}; ///< for the last events at an orderly stop
  std::shared_ptr<outbox_metrics> metrics;
  std::shared_ptr<reply_writer> writer;
};

/// Identifies a connection and its period without an interruption (messaging::connection::continuity).
struct connection_interval {
  const void* connection = nullptr;
  std::uint64_t continuity = 0;

  bool operator==(const connection_interval&) const = default;
};

struct event_publisher_state {
  static inline const char* name = "event-publisher";

  event_publisher_settings settings;
  request_deadlines deadlines;
  std::unique_ptr<outbox_queue> queue;
  nats_state_ptr nats;
  connection_interval interval; ///< on which the events in flight were published
  storage_gate_actor gate;
  health_actor health;
  event_confirmer_actor confirmer;
  publication published;                       ///< connection and mark of `unconfirmed`
  std::vector<core::revocation> unconfirmed;   ///< published; confirmation not yet requested
  std::deque<core::revocation> singles;        ///< the server refused one of them: each is published alone
  std::unordered_set<std::uint64_t> oversized; ///< larger than max_payload, and logged as such
  std::unordered_set<std::uint64_t> foreign;   ///< in `queue`, but their outbox rows belong to other replicas
  std::vector<std::uint64_t> confirmed;        ///< to be deleted from the outbox
  waiting_replies<bool> drains{false};
  core::steady_time next_sweep{};
  core::steady_time drain_until{};
  std::uint64_t pending = 0; ///< in the outbox at the last count
  outbox_age oldest;         ///< age of the oldest event in the outbox
  bool begun = false;        ///< a begin message is in the mailbox
  bool confirming = false;   ///< the confirmer is busy
  bool sweeping = false;
  bool removing = false;
  bool failing = false; ///< the last confirmation failed
};

/// To be spawned detached, because writing to NATS may block. Spawns the confirmer as a linked actor. The credential
/// manager sends events right after the commit, and the publisher publishes them at once. The confirmer waits for the
/// confirmation of many events together, so no event waits for the confirmation of another. Events that are missed here
/// (a crash, a full queue, an outage longer than the lease) are found in the outbox by a sweep, of this replica or
/// another.
event_publisher_actor::behavior_type
event_publisher(event_publisher_actor::stateful_pointer<event_publisher_state> self, event_publisher_settings settings,
                storage_gate_actor gate, health_actor health);

} // namespace cm::actors
