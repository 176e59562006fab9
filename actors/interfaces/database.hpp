// The database: workers with a connection each, the gate before them, and who deletes what is too old.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/peers.hpp"
#include "actors/interfaces/storage_job.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

/// What a database worker tells of itself.
struct worker_report {
  bool connected = false;
  bool refused = false; ///< not a database that this process may work on: no retry helps
  std::string server;   ///< host:port
  std::string version;
  std::string error; ///< why it is not connected
};

using worker_report_ptr = std::shared_ptr<const worker_report>;

/// First uses of tokens.
using activations_ptr = std::shared_ptr<const std::vector<storage::activation>>;

/// Whoever wants to know of the database workers: the gate.
using worker_listener_actor = caf::typed_actor<
  // A database worker's state; from the worker with that index.
  caf::reacts_to<state_atom, std::size_t, worker_report_ptr>>;

struct worker_listener_peer {
  worker_listener_actor handle;
};

using database_worker_actor = caf::typed_actor<
  // Runs one command on this worker's connection.
  caf::replies_to<execute_atom, storage_job_ptr>::with<storage_result_ptr>,
  // Whom to report to.
  caf::reacts_to<peer_atom, worker_listener_peer>,
  // Another database host is preferred now: a connection to the former one moves there, also where nothing is to be
  // done.
  caf::reacts_to<follow_atom>,
  // INTERNAL: time to connect, or to say that the worker still lives.
  caf::reacts_to<tick_atom>>;

struct database_worker_peer {
  database_worker_actor handle;
};

using storage_gate_actor = caf::typed_actor<
  // Looks up tokens; answered with found_tokens or an error.
  caf::replies_to<find_atom, token_lookup_ptr>::with<storage_result_ptr>,
  // Runs one command.
  caf::replies_to<execute_atom, storage_job_ptr>::with<storage_result_ptr>,
  // Notes first uses; written as soon as the database can.
  caf::reacts_to<activate_atom, activations_ptr>,
  // A database worker's state; from the worker with that index.
  caf::reacts_to<state_atom, std::size_t, worker_report_ptr>,
  // Answered when nothing waits and nothing runs.
  caf::replies_to<drain_atom>::with<bool>,
  // The worker with that index.
  caf::reacts_to<peer_atom, std::size_t, database_worker_peer>, caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: time for deadlines, the probe and the report.
  caf::reacts_to<tick_atom>>;

struct storage_gate_peer {
  storage_gate_actor handle;
};

using housekeeper_actor = caf::typed_actor<caf::reacts_to<peer_atom, storage_gate_peer>,
                                           // INTERNAL: time to delete what is too old.
                                           caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::activations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_lookup_ptr)
