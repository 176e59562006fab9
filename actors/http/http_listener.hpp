// The connections of one port: accepts them, gives each a session, and sees the last one off.
#pragma once

#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/validation.hpp"
#include "http/server/acceptor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace cm::actors {

/// Whom a session asks.
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
  std::shared_ptr<http::acceptor> acceptor; ///< root's; outlives this actor
  /// Spawns the session of a connection, which it starts.
  std::function<http_session_actor(http_listener_pointer, socket_ptr, const http_collaborators&)> spawn_session;
};

struct http_listener_state {
  static inline const char* name = "http-listener";

  http_listener_settings settings;
  http_collaborators collaborators;
  std::unordered_map<caf::actor_id, http_session_actor> sessions;
  std::vector<caf::typed_response_promise<bool>> drains;

  /// The sessions outlive a listener that failed, but nobody would tell them of new collaborators: each finishes what
  /// it has in flight and closes. The acceptor keeps its backlog for the next listener.
  ~http_listener_state();
};

/// Acceptor settings that log when accepting begins to fail, for lack of file descriptors or memory.
[[nodiscard]] http::acceptor_settings logging_acceptor(std::string port);

http_listener_actor::behavior_type http_listener(http_listener_pointer self, http_listener_settings settings,
                                                 http_collaborators collaborators);

} // namespace cm::actors
