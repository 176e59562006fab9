// Accepts the connections of one port, spawns a session for each, and drains them at the stop.
#pragma once

#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "http/server/acceptor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace cm::actors {

/// The actors that sessions send requests to.
struct http_collaborators {
  storage_gate_actor gate;
  credential_manager_actor manager;
  health_actor health;
  password_pool_actor passwords;
  token_reader_actor reader;
};

struct http_listener_state;
using http_listener_pointer = http_listener_actor::stateful_pointer<http_listener_state>;

struct http_listener_settings {
  std::shared_ptr<http::acceptor> acceptor; ///< owned by root; outlives this actor
  /// Spawns the session of a connection; the session starts the connection.
  std::function<http_session_actor(http_listener_pointer, socket_ptr, const http_collaborators&)> spawn_session;
};

struct http_listener_state {
  static inline const char* name = "http-listener";

  http_listener_settings settings;
  http_collaborators collaborators;
  std::unordered_map<caf::actor_id, http_session_actor> sessions;
  waiting_replies<bool> drains{false};

  /// Pauses the acceptor, which keeps its backlog for the next listener, and drains the sessions: they outlive a failed
  /// listener, but would not learn the handles of restarted collaborators.
  ~http_listener_state();
};

/// Returns acceptor settings that log when accepting begins to fail, for lack of file descriptors or memory.
/// @param port name of the port, for the log
[[nodiscard]] http::acceptor_settings logging_acceptor(std::string port);

http_listener_actor::behavior_type http_listener(http_listener_pointer self, http_listener_settings settings,
                                                 http_collaborators collaborators);

} // namespace cm::actors
