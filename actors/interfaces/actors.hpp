// The interface of every actor, in one place. What is marked INTERNAL an actor sends only to itself.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cm::actors {

// A collaborator's handle travels in a type of its own: the name of a typed actor spells out its whole interface, and
// that of an actor which is told of others would spell out all of theirs.
struct health_peer;
struct storage_gate_peer;
struct worker_listener_peer;
struct database_access_peer;
struct credential_manager_peer;
struct nats_egress_peer;
struct password_pool_peer;
struct password_worker_peer;
struct event_publisher_peer;
struct nats_user_peer;
struct token_reader_peer;
struct revocation_follower_peer;

// -- the actors
// ---------------------------------------------------------------------------------------------------------

using root_actor = caf::typed_actor<
  // Spawns the tree.
  caf::reacts_to<begin_atom>,
  // Stops everything in order and ends the process with status 0; a second one while stopping changes nothing.
  caf::reacts_to<stop_atom>,
  // A dependency answered for the first time: the start goes on.
  caf::reacts_to<ready_atom, milestone>,
  // The subscription with that index made the one with that number on that connection, or (null) has none.
  caf::reacts_to<listening_atom, std::size_t, std::uint64_t, nats_connection_ptr>,
  // The NATS server does not permit something, in its words.
  caf::reacts_to<refused_atom, std::string>,
  // Stops everything in order and ends the process with that status.
  caf::reacts_to<give_up_atom, fatal_problem_ptr>,
  // The applications that Tekton knows.
  caf::reacts_to<directory_atom, application_directory_ptr>,
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
  // Subjects that NATS does not permit CM to listen on, instead of those before.
  caf::reacts_to<refused_atom, std::vector<std::string>>,
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
  // Another database host is preferred now: a connection to the former one moves there, also where nothing is to be
  // done.
  caf::reacts_to<follow_atom>,
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
  // INTERNAL: all batches that waited are published.
  caf::reacts_to<flush_atom>,
  // Answered when everything that came before is on the wire.
  caf::replies_to<drain_atom>::with<bool>>;

struct nats_egress_peer {
  nats_egress_actor handle;
};

using token_validator_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, token_calls_ptr>,
  // Tokens that were taken away.
  caf::reacts_to<forget_atom, forgotten_tokens_ptr>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>,
  // INTERNAL: time to let go of what is too old.
  caf::reacts_to<tick_atom>>;

using password_worker_actor = caf::typed_actor<
  // Hashes or compares; blocks for tens of milliseconds.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>>;

struct password_worker_peer {
  password_worker_actor handle;
};

using password_pool_actor = caf::typed_actor<
  // Hashes or compares; `overloaded` at once where too many wait.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>,
  // The worker with that index.
  caf::reacts_to<peer_atom, std::size_t, password_worker_peer>,
  // INTERNAL: time to let go of work that nobody waits for any more.
  caf::reacts_to<tick_atom>>;

struct password_pool_peer {
  password_pool_actor handle;
};

using client_validator_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, password_calls_ptr>, caf::reacts_to<validate_atom, certificate_calls_ptr>,
  // Answered when the uses that were noted are written, or cannot be.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>, caf::reacts_to<peer_atom, password_pool_peer>,
  // INTERNAL: time to write down the uses.
  caf::reacts_to<tick_atom>>;

/// Whoever publishes or subscribes by himself.
using nats_user_actor = caf::typed_actor<
  // The connection, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>>;

struct nats_user_peer {
  nats_user_actor handle;
};

using nats_subscription_actor = caf::typed_actor<
  // The connection to subscribe on, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Unsubscribes; answered when everything that came in is answered or done.
  caf::replies_to<drain_atom>::with<bool>,
  // Where deliveries go from now on.
  caf::reacts_to<peer_atom, forwarder_ptr>,
  // The server has the subscription with that number.
  caf::reacts_to<confirm_atom, std::uint64_t>,
  // The server does not permit the subscription with that number: it is made again later.
  caf::reacts_to<refused_atom, std::uint64_t>,
  // INTERNAL: the last message was handed over.
  caf::reacts_to<drained_atom>,
  // INTERNAL: time to look whether everything is heard.
  caf::reacts_to<watch_atom>,
  // INTERNAL: time to subscribe again, or in a drain to look whether all answers are out.
  caf::reacts_to<tick_atom>>;

using nats_link_actor = caf::typed_actor<
  // Somebody to be told of the connection, at once and at every change.
  caf::reacts_to<peer_atom, nats_user_peer>, caf::reacts_to<peer_atom, health_peer>,
  // Answered true when the server has what was sent on that connection before, subscriptions among it; false when
  // another connection took its place.
  caf::replies_to<confirm_atom, nats_connection_ptr>::with<bool>,
  // INTERNAL: the library connected or reconnected (true), or lost the connection with that number.
  caf::reacts_to<state_atom, std::uint64_t, bool>,
  // INTERNAL: the library gave that connection up for good; why.
  caf::reacts_to<closed_atom, std::uint64_t, std::string>,
  // INTERNAL: the round trip with that number came back.
  caf::reacts_to<probe_atom, std::uint64_t>,
  // INTERNAL: time for the next round trip, the next attempt and the report.
  caf::reacts_to<tick_atom>>;

using revocation_follower_actor = caf::typed_actor<
  // Reads what other replicas have revoked until now, and drops it from memory; answered when that is done, false where
  // the database did not answer.
  caf::replies_to<read_atom>::with<bool>,
  // Events that came over NATS.
  caf::reacts_to<heard_atom, forgotten_tokens_ptr>,
  // The connection, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Who is told of revoked tokens.
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>,
  // INTERNAL: the grace time of an event is over.
  caf::reacts_to<watch_atom>,
  // INTERNAL: time for the next reading.
  caf::reacts_to<tick_atom>>;

struct revocation_follower_peer {
  revocation_follower_actor handle;
};

using credential_manager_actor = caf::typed_actor<
  // Makes a token; the answer holds its value, the only time that it is shown.
  caf::replies_to<create_atom, create_order_ptr>::with<create_result_ptr>,
  // Makes any other change; answered with the command's reply.
  caf::replies_to<apply_atom, credential_change_ptr>::with<storage_result_ptr>,
  // Imports some lines.
  caf::replies_to<import_atom, import_order_ptr>::with<import_outcome_ptr>,
  // Whether the license allows changes; if not, why.
  caf::reacts_to<license_atom, bool, std::string>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>,
  // Who is told of tokens that were taken away, before whoever did it.
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>, caf::reacts_to<peer_atom, revocation_follower_peer>>;

struct credential_manager_peer {
  credential_manager_actor handle;
};

using token_transitioner_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, transition_calls_ptr>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>>;

using endpoint_remover_actor = caf::typed_actor<
  // There are endpoints in the backlog.
  caf::reacts_to<remove_atom>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, storage_gate_peer>,
  // INTERNAL: the pause after a failure is over.
  caf::reacts_to<tick_atom>,
  // INTERNAL: look into the backlog, whether anybody said something or not.
  caf::reacts_to<watch_atom>>;

/// The blocking half of the event publisher.
using event_confirmer_actor = caf::typed_actor<
  // Waits until the NATS server has it.
  caf::replies_to<confirm_atom, publication_ptr>::with<confirmation_ptr>>;

using event_publisher_actor = caf::typed_actor<
  // Events that were just written to the outbox by this replica.
  caf::reacts_to<publish_atom, revocations_ptr>,
  // Events of other replicas that were not heard here: published too, while their outbox rows stay with their owners.
  caf::reacts_to<republish_atom, revocations_ptr>,
  // The connection to publish on, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Answered when all events that are known here are confirmed, or cannot be.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: publish what waits.
  caf::reacts_to<begin_atom>,
  // INTERNAL: time to look into the outbox and to report.
  caf::reacts_to<tick_atom>>;

struct event_publisher_peer {
  event_publisher_actor handle;
};

using housekeeper_actor = caf::typed_actor<caf::reacts_to<peer_atom, storage_gate_peer>,
                                           // INTERNAL: time to delete what is too old.
                                           caf::reacts_to<tick_atom>>;

using tekton_follower_actor = caf::typed_actor<
  // Something changed.
  caf::reacts_to<refresh_atom>,
  // INTERNAL: time to ask, or to ask again.
  caf::reacts_to<tick_atom>>;

using license_actor =
  caf::typed_actor<caf::reacts_to<peer_atom, health_peer>, caf::reacts_to<peer_atom, credential_manager_peer>,
                   // INTERNAL: time to look at the file and to report.
                   caf::reacts_to<tick_atom>>;

/// Reads tokens for the sessions of the REST port.
using token_reader_actor = caf::typed_actor<
  // Answers the request.
  caf::reacts_to<read_atom, exchange_ptr, token_read_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>>;

struct token_reader_peer {
  token_reader_actor handle;
};

using http_session_actor = caf::typed_actor<
  // One request.
  caf::reacts_to<exchange_atom, exchange_ptr>,
  // The connection has gone.
  caf::reacts_to<closed_atom>,
  // Finish what is in flight and close.
  caf::reacts_to<drain_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>,
  caf::reacts_to<peer_atom, password_pool_peer>, caf::reacts_to<peer_atom, token_reader_peer>>;

/// One request or response that comes in pieces: an import, an export.
using http_stream_actor = caf::typed_actor<
  // The piece of the body that was asked for.
  caf::reacts_to<piece_atom, body_piece_ptr>,
  // The last piece of the response was written, or (false) the client is gone.
  caf::reacts_to<written_atom, bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>>;

using http_listener_actor = caf::typed_actor<
  // A connection was accepted.
  caf::reacts_to<accepted_atom, socket_ptr>,
  // Takes no more connections, lets the sessions finish; answered when the last has gone.
  caf::replies_to<drain_atom>::with<bool>,
  // INTERNAL: the acceptor handed over its backlog and is closed.
  caf::reacts_to<drained_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>,
  caf::reacts_to<peer_atom, password_pool_peer>, caf::reacts_to<peer_atom, token_reader_peer>>;

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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_pool_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_worker_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::event_publisher_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_user_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_reader_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::revocation_follower_peer)
