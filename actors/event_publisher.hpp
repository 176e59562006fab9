// Publishes the events of the outbox (contract 4.2): each leaves it only when the NATS server has confirmed it.
#pragma once

#include "actors/actors.hpp"
#include "actors/bounded_request.hpp"
#include "actors/outbox_queue.hpp"
#include "core/metrics.hpp"
#include "storage/event_commands.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

struct event_publisher_settings {
  std::string instance;
  std::string replica_id;
  std::size_t limit = 10000; ///< events that are kept here; those beyond wait in the outbox
  std::size_t batch = 256;   ///< events that are confirmed together
  std::chrono::milliseconds lease = storage::outbox_lease - std::chrono::milliseconds{500};
  std::chrono::milliseconds confirm_timeout{500}; ///< health is told nothing meanwhile
  std::chrono::milliseconds tick{250};            ///< reports, and retries
  std::chrono::milliseconds sweep{1000};          ///< how often the outbox is looked through for what others left
  std::chrono::milliseconds deadline{3000};       ///< of a question to the database
  std::chrono::milliseconds drain_patience{2500}; ///< for the last events when the process stops
  std::shared_ptr<core::metrics> metrics;
};

struct event_publisher_state {
  static inline const char* name = "event-publisher";

  event_publisher_settings settings;
  request_deadlines deadlines;
  std::unique_ptr<outbox_queue> queue;
  nats_state_ptr nats;
  storage_gate_actor gate;
  health_actor health;
  std::vector<std::uint64_t> confirmed; ///< to be taken out of the outbox
  std::vector<caf::typed_response_promise<bool>> drains;
  core::steady_time next_sweep{};
  core::steady_time drain_until{};
  std::uint64_t pending = 0; ///< in the outbox, as far as is known
  core::timestamp oldest{};  ///< of those that the last look found there
  bool begun = false;        ///< a begin message is on its way
  bool sweeping = false;
  bool removing = false;
  bool failing = false; ///< the last attempt was not confirmed

  ~event_publisher_state();
};

/// To be spawned detached: it waits for NATS. The way of an event: the manager hands it over right after the commit,
/// and it is published at once; whatever is missed (a crash, a full queue, an outage longer than the lease) is found in
/// the outbox by the next sweep, of this replica or another.
event_publisher_actor::behavior_type
event_publisher(event_publisher_actor::stateful_pointer<event_publisher_state> self, event_publisher_settings settings,
                storage_gate_actor gate, health_actor health);

} // namespace cm::actors
