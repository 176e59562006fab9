// The HTTP ports: the listener, which accepts connections, the session of each connection, and the actors that help it.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/peers.hpp"
#include "core/base/time.hpp"
#include "http/server/connection.hpp"
#include "http/server/exchange.hpp"
#include "storage/tokens/token_commands.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <variant>

namespace cm::actors {

/// An accepted connection, on its way to a session.
using socket_ptr = std::shared_ptr<http::accepted_socket>;

using exchange_ptr = std::shared_ptr<http::exchange>;

/// The database query of a REST request for one token, or for a page of an endpoint's tokens.
struct token_read {
  std::variant<storage::token_address, storage::list_tokens> what;
  core::steady_time deadline;
};

using token_read_ptr = std::shared_ptr<const token_read>;

/// A piece of a request's body.
using body_piece_ptr = std::shared_ptr<const http::body_piece>;

/// Reads tokens for the sessions of the REST port; combines the queries of several requests.
using token_reader_actor = caf::typed_actor<
  // Runs the query and completes the exchange with its HTTP response.
  caf::reacts_to<read_atom, exchange_ptr, token_read_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>>;

struct token_reader_peer {
  token_reader_actor handle;
};

using http_session_actor = caf::typed_actor<
  // An HTTP request. The session completes the exchange with the response.
  caf::reacts_to<exchange_atom, exchange_ptr>,
  // The connection was closed: the session ends.
  caf::reacts_to<closed_atom>,
  // Finish the request in progress, then close the connection.
  caf::reacts_to<drain_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>,
  caf::reacts_to<peer_atom, password_pool_peer>, caf::reacts_to<peer_atom, token_reader_peer>>;

/// Handles one request whose body or response is streamed: an import or an export.
using http_stream_actor = caf::typed_actor<
  // The requested piece of the request's body.
  caf::reacts_to<piece_atom, body_piece_ptr>,
  // True: the latest piece of the response was written. False: the client has disconnected.
  caf::reacts_to<written_atom, bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>>;

using http_listener_actor = caf::typed_actor<
  // A connection was accepted: start a session for it.
  caf::reacts_to<accepted_atom, socket_ptr>,
  // Stops accepting connections and lets the sessions finish. Answered when the last session has ended.
  caf::replies_to<drain_atom>::with<bool>,
  // INTERNAL: the acceptor has handed over its backlog and is closed.
  caf::reacts_to<drained_atom>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, credential_manager_peer>, caf::reacts_to<peer_atom, health_peer>,
  caf::reacts_to<peer_atom, password_pool_peer>, caf::reacts_to<peer_atom, token_reader_peer>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::socket_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::exchange_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_read_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::body_piece_ptr)
