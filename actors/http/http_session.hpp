// One HTTP connection: routes its requests, requests data or changes from other actors, and responds.
#pragma once

#include "actors/http/http_listener.hpp"
#include "actors/http/import_stream.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/replaceable_secret.hpp"
#include "core/configuration/settings.hpp"
#include "core/observability/health.hpp"
#include "core/observability/metric_registry.hpp"
#include "http/rest/rest_metrics.hpp"
#include "http/rest/routes.hpp"
#include "http/server/connection.hpp"
#include "http/server/response_counters.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace cm::actors {

struct http_session_state {
  static inline const char* name = "http-session";

  request_deadlines deadlines;
  std::shared_ptr<http::connection> connection;
  http_collaborators collaborators;
  http_stream_actor stream; ///< the latest import or export of this connection; may have ended

  /// Closes the connection after the current response. Exchanges that the session drops respond 503 in their
  /// destructors.
  ~http_session_state();
};

using http_session_pointer = http_session_actor::stateful_pointer<http_session_state>;

/// Shared by all sessions of the API port; immutable.
struct api_context {
  http::router<http::api_route> routes = http::make_api_router();
  std::shared_ptr<const http::connection_settings> connection = std::make_shared<http::connection_settings>();
  std::chrono::milliseconds deadline{5000}; ///< for one request to the database
  std::shared_ptr<import_threads> imports = std::make_shared<import_threads>(2);

  /// An I/O loop that runs connections, and its counters.
  struct loop {
    const http::net::io_context* io;
    std::shared_ptr<http::response_counters> counters;
  };

  std::vector<loop> loops;
};

/// Shared by all sessions of the management port; immutable.
struct management_context {
  explicit management_context(core::management_settings from)
    : settings(std::move(from)), routes(http::make_management_router(settings)) {}

  core::management_settings settings;
  http::router<http::management_route> routes;
  core::service_info info;
  std::shared_ptr<const core::metric_registry> metrics;
  std::shared_ptr<const http::rest_metrics> rest;
  std::size_t memory_budget = 0; ///< bytes
  std::shared_ptr<const http::connection_settings> connection = std::make_shared<http::connection_settings>();
  std::chrono::milliseconds deadline{500}; ///< for the health reporter to answer
};

/// Shared by all sessions of the monitoring agent; immutable.
struct agent_context {
  std::shared_ptr<const core::replaceable_secret> password; ///< of the user `monitor`
  std::shared_ptr<const management_context> management;
};

/// A session of the REST API.
http_session_actor::behavior_type api_session(http_session_pointer self, const socket_ptr& accepted,
                                              http_collaborators collaborators,
                                              std::shared_ptr<const api_context> context);

/// A session of the management port. It requests the health snapshot only, no other actor.
http_session_actor::behavior_type management_session(http_session_pointer self, const socket_ptr& accepted,
                                                     http_collaborators collaborators,
                                                     std::shared_ptr<const management_context> context);

/// A session of the monitoring agent (contract 7.4): like the management port's, but requires a login.
http_session_actor::behavior_type agent_session(http_session_pointer self, const socket_ptr& accepted,
                                                http_collaborators collaborators,
                                                std::shared_ptr<const agent_context> context);

} // namespace cm::actors
