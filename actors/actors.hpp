// The interface of every actor, in one place. What is marked INTERNAL an actor sends only to itself.
#pragma once

#include "actors/atoms.hpp"
#include "actors/reply_batch.hpp"
#include "actors/storage_dispatcher.hpp"
#include "actors/token_calls.hpp"
#include "core/health.hpp"
#include "core/license_watch.hpp"
#include "http/connection.hpp"
#include "http/endpoint_tokens.hpp"
#include "http/exchange.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace cm::actors {

// -- what travels in the messages
// ---------------------------------------------------------------------------------------

/// State of one component for health.
using component_report =
  std::variant<core::database_health, core::nats_health, core::license_health, core::actors_health>;
using component_report_ptr = std::shared_ptr<const component_report>;

using health_snapshot_ptr = std::shared_ptr<const core::health_snapshot>;

/// What a database worker tells of itself.
struct worker_report {
  bool connected = false;
  bool refused = false; ///< the schema is not one that this release may use: no retry helps
  std::string server;   ///< host:port
  std::string version;
  std::string error; ///< why it is not connected
};

using worker_report_ptr = std::shared_ptr<const worker_report>;

/// The NATS connection as its users see it.
struct nats_state {
  std::shared_ptr<messaging::connection> connection; ///< null before the first attempt
  bool up = false;
};

using nats_state_ptr = std::shared_ptr<const nats_state>;

/// First uses of tokens.
using activations_ptr = std::shared_ptr<const std::vector<storage::activation>>;

/// An accepted connection that no session has yet.
using socket_ptr = std::shared_ptr<http::accepted_socket>;

using exchange_ptr = std::shared_ptr<http::exchange>;

/// A token to be made, and the outcome with the only copy of its value.
struct create_token_order {
  http::create_token_request request;
  core::change_origin origin;
};

struct created_token_outcome {
  core::endpoint_token token;
  core::secret value;
};

using create_order_ptr = std::shared_ptr<const create_token_order>;
using create_result = core::expected<created_token_outcome>;
using create_result_ptr = std::shared_ptr<const create_result>;

/// One look at the license file.
struct license_look {
  std::optional<core::file_stamp> stamp;      ///< taken before the check
  std::optional<core::license_result> result; ///< where a check was asked for
};

using license_look_ptr = std::shared_ptr<const license_look>;

/// What root is told to stop for.
struct fatal_problem {
  int exit_status = 0;
  std::string message;
};

using fatal_problem_ptr = std::shared_ptr<const fatal_problem>;

/// The two components whose first success the start waits for.
enum class milestone : std::uint8_t { storage, nats };

// A collaborator's handle travels in a type of its own: the name of a typed actor spells out its whole interface, and
// that of an actor which is told of others would spell out all of theirs.
struct health_peer;
struct storage_gate_peer;
struct worker_listener_peer;
struct database_access_peer;
struct credential_manager_peer;
struct nats_egress_peer;
struct token_validator_peer;
struct nats_subscription_peer;

// -- the actors
// ---------------------------------------------------------------------------------------------------------

using root_actor = caf::typed_actor<
  // Spawns the tree.
  caf::reacts_to<begin_atom>,
  // Stops everything in order and ends the process with status 0; a second one while stopping changes nothing.
  caf::reacts_to<stop_atom>,
  // A dependency answered for the first time: the start goes on.
  caf::reacts_to<ready_atom, milestone>,
  // Stops everything in order and ends the process with that status.
  caf::reacts_to<give_up_atom, fatal_problem_ptr>,
  // Names of all children that run.
  caf::replies_to<list_atom>::with<std::vector<std::string>>,
  // Asks the named child to fail; only the test build's children do.
  caf::reacts_to<crash_atom, std::string>,
  // INTERNAL: the backoff of the child with that index is over.
  caf::reacts_to<restart_atom, std::size_t>,
  // INTERNAL: the step of the orderly stop with that number took too long.
  caf::reacts_to<tick_atom, std::size_t>,
  // INTERNAL: time to tell health of the tree.
  caf::reacts_to<report_atom>>;

using health_actor = caf::typed_actor<
  // A component's state changed, or it says that it still lives.
  caf::reacts_to<report_atom, component_report_ptr>,
  // Whether the service takes requests (it is up and not stopping).
  caf::reacts_to<ready_atom, bool>,
  // What is known, never older than one second.
  caf::replies_to<snapshot_atom>::with<health_snapshot_ptr>,
  // INTERNAL: time to look whose report is overdue.
  caf::reacts_to<tick_atom>>;

struct health_peer {
  health_actor handle;
};

/// The blocking half of the license check.
using license_reader_actor = caf::typed_actor<
  // What stat() tells of the file now.
  caf::replies_to<find_atom>::with<license_look_ptr>,
  // The whole check.
  caf::replies_to<validate_atom>::with<license_look_ptr>>;

/// Whoever wants to know of the database workers: the gate.
using worker_listener_actor = caf::typed_actor<
  // A database worker's state; from the worker with that index.
  caf::reacts_to<state_atom, std::size_t, worker_report_ptr>>;

struct worker_listener_peer {
  worker_listener_actor handle;
};

using database_access_actor = caf::typed_actor<
  // Runs one command on this worker's connection.
  caf::replies_to<execute_atom, storage_job_ptr>::with<storage_result_ptr>,
  // Whom to report to.
  caf::reacts_to<peer_atom, worker_listener_peer>,
  // INTERNAL: time to connect, or to say that the worker still lives.
  caf::reacts_to<tick_atom>>;

struct database_access_peer {
  database_access_actor handle;
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
  caf::reacts_to<peer_atom, std::size_t, database_access_peer>, caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: time for deadlines, the probe and the report.
  caf::reacts_to<tick_atom>>;

struct storage_gate_peer {
  storage_gate_actor handle;
};

using nats_egress_actor = caf::typed_actor<
  // Publishes the answers and flushes.
  caf::reacts_to<answer_atom, reply_batch_ptr>,
  // Answered when everything that came before is on the wire.
  caf::replies_to<drain_atom>::with<bool>>;

struct nats_egress_peer {
  nats_egress_actor handle;
};

using token_validator_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, token_calls_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>>;

struct token_validator_peer {
  token_validator_actor handle;
};

using nats_subscription_actor = caf::typed_actor<
  // The connection to subscribe on, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Requests that the library's thread decoded.
  caf::reacts_to<validate_atom, token_calls_ptr>,
  // Unsubscribes; answered when every request that came in has its answer.
  caf::replies_to<drain_atom>::with<bool>,
  // The validator with that index.
  caf::reacts_to<peer_atom, std::size_t, token_validator_peer>,
  // INTERNAL: the last message was handed over.
  caf::reacts_to<drained_atom>,
  // INTERNAL: time to subscribe again, or in a drain to look whether all answers are out.
  caf::reacts_to<tick_atom>>;

struct nats_subscription_peer {
  nats_subscription_actor handle;
};

using nats_link_actor = caf::typed_actor<
  // A subscription to be told of the connection, at once and at every change.
  caf::reacts_to<peer_atom, nats_subscription_peer>, caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: the library connected or reconnected (true), or lost the connection with that number.
  caf::reacts_to<state_atom, std::uint64_t, bool>,
  // INTERNAL: the library gave that connection up for good; why.
  caf::reacts_to<closed_atom, std::uint64_t, std::string>,
  // INTERNAL: the round trip with that number came back.
  caf::reacts_to<probe_atom, std::uint64_t>,
  // INTERNAL: time for the next round trip, the next attempt and the report.
  caf::reacts_to<tick_atom>>;

using credential_manager_actor = caf::typed_actor<
  // Makes a token; the answer holds its value, the only time that it is shown.
  caf::replies_to<create_atom, create_order_ptr>::with<create_result_ptr>,
  // Whether the license allows changes; if not, why.
  caf::reacts_to<license_atom, bool, std::string>, caf::reacts_to<peer_atom, storage_gate_peer>>;

struct credential_manager_peer {
  credential_manager_actor handle;
};

using license_actor =
  caf::typed_actor<caf::reacts_to<peer_atom, health_peer>, caf::reacts_to<peer_atom, credential_manager_peer>,
                   // INTERNAL: time to look at the file and to report.
                   caf::reacts_to<tick_atom>>;

using http_session_actor = caf::typed_actor<
  // One request.
  caf::reacts_to<exchange_atom, exchange_ptr>,
  // The connection has gone.
  caf::reacts_to<closed_atom>,
  // Finish what is in flight and close.
  caf::reacts_to<drain_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>>;

using http_listener_actor = caf::typed_actor<
  // A connection was accepted.
  caf::reacts_to<accepted_atom, socket_ptr>,
  // Takes no more connections, lets the sessions finish; answered when the last has gone.
  caf::replies_to<drain_atom>::with<bool>,
  // INTERNAL: the acceptor handed over its backlog and is closed.
  caf::reacts_to<drained_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>>;

using io_loop_actor = caf::typed_actor<
  // INTERNAL: run the loop until it is stopped.
  caf::reacts_to<begin_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_gate_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_listener_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::database_access_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::credential_manager_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_egress_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_validator_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_subscription_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::component_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_snapshot_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_state_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::activations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::socket_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::exchange_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::fatal_problem_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::license_look_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::milestone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::reply_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_calls_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_lookup_ptr)
