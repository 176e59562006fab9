// The ports: who accepts connections, and who answers the requests of one.
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

/// An accepted connection that no session has yet.
using socket_ptr = std::shared_ptr<http::accepted_socket>;

using exchange_ptr = std::shared_ptr<http::exchange>;

/// What a REST request for one token, or for a page of an endpoint's tokens, asks of the database.
struct token_read {
  std::variant<storage::token_address, storage::list_tokens> what;
  core::steady_time deadline;
};

using token_read_ptr = std::shared_ptr<const token_read>;

/// A piece of a request's body, for the actor that reads it.
using body_piece_ptr = std::shared_ptr<const http::body_piece>;

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

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::socket_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::exchange_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_read_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::body_piece_ptr)
