// The database: the workers, which have one connection each, the storage gate before them, and the housekeeper.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/peers.hpp"
#include "actors/interfaces/reload.hpp"
#include "actors/interfaces/storage_job.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

/// The state of a database worker's connection.
struct worker_report {
  bool connected = false;
  bool refused = false; ///< this process must not use the database (schema or hash key); retrying does not help
  std::string server;   ///< host:port
  std::string version;  ///< of the server
  std::string error;    ///< why the worker is not connected
};

using worker_report_ptr = std::shared_ptr<const worker_report>;

/// First uses of tokens.
using activations_ptr = std::shared_ptr<const std::vector<storage::activation>>;

/// The part of the storage gate's interface that the database workers use.
using worker_listener_actor = caf::typed_actor<
  // The state of the worker with this index: at every change, and on request.
  caf::reacts_to<state_atom, std::size_t, worker_report_ptr>>;

struct worker_listener_peer {
  worker_listener_actor handle;
};

using database_worker_actor = caf::typed_actor<
  // Runs one command on this worker's connection; blocks. Answered with its result; `expired`, and the command is not
  // run, if its deadline has passed.
  caf::replies_to<execute_atom, storage_job_ptr>::with<storage_result_ptr>,
  // The receiver of the reports. The worker reports to it at once.
  caf::reacts_to<peer_atom, worker_listener_peer>,
  // The process prefers another database host: reconnect there, even if there is no command to run.
  caf::reacts_to<follow_atom>,
  // The settings after a reload: new connections use their login.
  caf::reacts_to<reload_atom, settings_ptr>,
  // INTERNAL: timer: connect, or reconnect to the preferred host.
  caf::reacts_to<tick_atom>>;

struct database_worker_peer {
  database_worker_actor handle;
};

using storage_gate_actor = caf::typed_actor<
  // Looks up tokens. Answered by the deadline with found_tokens in the order of the hashes, or with an error:
  // `overloaded` if the queue is full, `unavailable` if the database does not answer.
  caf::replies_to<find_atom, token_lookup_ptr>::with<storage_result_ptr>,
  // Runs one command. Answered by its deadline with the database's reply, or with an error as above.
  caf::replies_to<execute_atom, storage_job_ptr>::with<storage_result_ptr>,
  // Queues first uses of tokens, to be written when the database is available. Not answered.
  caf::reacts_to<activate_atom, activations_ptr>,
  // The state of the worker with this index.
  caf::reacts_to<state_atom, std::size_t, worker_report_ptr>,
  // Answered true when the queues are empty and no job is running, false if the gate ends before.
  caf::replies_to<drain_atom>::with<bool>,
  // The handle of the worker with this index, new or after a restart.
  caf::reacts_to<peer_atom, std::size_t, database_worker_peer>, caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: timer: deadlines, the probe and the health report.
  caf::reacts_to<tick_atom>>;

struct storage_gate_peer {
  storage_gate_actor handle;
};

using housekeeper_actor = caf::typed_actor<caf::reacts_to<peer_atom, storage_gate_peer>,
                                           // INTERNAL: timer: delete expired rows.
                                           caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::activations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_lookup_ptr)
