// Publishes the events of the outbox (contract 4.2): each leaves it only when the NATS server has confirmed it.
#pragma once

#include "actors/events/outbox_age.hpp"
#include "actors/events/outbox_queue.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/reply_writer.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/observability/metrics.hpp"
#include "storage/events/event_commands.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

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
  std::size_t limit = 10000; ///< events that are kept here; those beyond wait in the outbox
  std::size_t batch = 256;   ///< events that are published in one go
  std::chrono::milliseconds lease = storage::outbox_lease - std::chrono::milliseconds{500};
  std::chrono::milliseconds confirm_timeout{500}; ///< health is told nothing meanwhile
  std::chrono::milliseconds tick{250};            ///< confirmations of few events, retries, reports
  std::chrono::milliseconds sweep{1000};          ///< how often the outbox is looked through for what others left
  std::chrono::milliseconds deadline{3000};       ///< of a question to the database
  std::chrono::milliseconds drain_patience{2500}; ///< for the last events when the process stops
  std::shared_ptr<core::metrics> metrics;
  std::shared_ptr<reply_writer> writer;
};

/// Which connection, and which of its stretches between two breaks (messaging::connection::continuity).
struct connection_stretch {
  const void* connection = nullptr;
  std::uint64_t continuity = 0;

  bool operator==(const connection_stretch&) const = default;
};

struct event_publisher_state {
  static inline const char* name = "event-publisher";

  event_publisher_settings settings;
  request_deadlines deadlines;
  std::unique_ptr<outbox_queue> queue;
  nats_state_ptr nats;
  connection_stretch stretch; ///< of what is under way
  storage_gate_actor gate;
  health_actor health;
  event_confirmer_actor confirmer;
  publication published;                       ///< what `unconfirmed` was published as
  std::vector<core::revocation> unconfirmed;   ///< published, and nobody was asked for a confirmation yet
  std::deque<core::revocation> singles;        ///< the server has refused one of these: each is published on its own
  std::unordered_set<std::uint64_t> oversized; ///< events that the log has named as larger than max_payload
  std::unordered_set<std::uint64_t> foreign; ///< in `queue`, but not to be taken out: their owners have to publish them
  std::vector<std::uint64_t> confirmed;      ///< to be taken out of the outbox
  std::vector<caf::typed_response_promise<bool>> drains;
  core::steady_time next_sweep{};
  core::steady_time drain_until{};
  std::uint64_t pending = 0; ///< in the outbox, as far as is known
  outbox_age oldest;         ///< of those that the last look found there
  bool begun = false;        ///< a begin message is on its way
  bool confirming = false;   ///< the confirmer is at it
  bool sweeping = false;
  bool removing = false;
  bool failing = false; ///< the last attempt was not confirmed

  ~event_publisher_state();
};

/// To be spawned detached: writing to NATS may block. The way of an event: the manager hands it over right after the
/// commit, and it is published at once. The confirmation is awaited behind that, by a confirmer that it spawns, linked,
/// for many events together; no event waits for the confirmation of another one. Whatever is missed (a crash, a full
/// queue, an outage longer than the lease) is found in the outbox by the next sweep, of this replica or another.
event_publisher_actor::behavior_type
event_publisher(event_publisher_actor::stateful_pointer<event_publisher_state> self, event_publisher_settings settings,
                storage_gate_actor gate, health_actor health);

} // namespace cm::actors
