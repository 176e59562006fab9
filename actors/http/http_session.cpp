#include "actors/http/http_session.hpp"

#include "actors/http/api_requests.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/observability/logging.hpp"
#include "http/management/jolokia.hpp"
#include "http/management/managed_beans.hpp"
#include "http/management/management.hpp"
#include "http/management/metrics_page.hpp"
#include "http/rest/api_document.hpp"
#include "http/rest/basic_login.hpp"
#include "http/rest/negotiation.hpp"
#include "http/server/problem.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace cm::actors {

namespace {

void open_connection(http_session_pointer self, const socket_ptr& accepted,
                     const std::shared_ptr<const http::connection_settings>& settings,
                     std::function<http::body_policy(const http::request_head&)> policy = {},
                     std::shared_ptr<http::response_counters> counters = {}) {
  const auto me = caf::actor_cast<http_session_actor>(self);
  http::connection_callbacks callbacks;
  callbacks.on_request = [me](exchange_ptr exchange) { caf::anon_send(me, exchange_v, std::move(exchange)); };
  callbacks.on_closed = [me] { caf::anon_send(me, closed_v); };
  callbacks.policy = std::move(policy);
  callbacks.counters = std::move(counters);
  callbacks.on_refused = [](const http::refusal& refused) {
    core::logger("cm.http")->debug(
      "refused with {}: {}{}", refused.status, refused.reason,
      core::log_fields{{"correlationId", refused.correlation_id}, {"remoteAddress", refused.remote_address}});
  };
  self->state.connection = http::connection::create(std::move(*accepted), settings, std::move(callbacks));
  self->state.connection->start();
}

// The behaviour that all kinds of session share.
// @param handle responds to one request
http_session_actor::behavior_type make_session(http_session_pointer self,
                                               std::function<void(const exchange_ptr&)> handle) {
  return {
    [handle = std::move(handle)](exchange_atom, const exchange_ptr& exchange) { handle(exchange); },
    [self](closed_atom) { self->quit(caf::exit_reason::user_shutdown); },
    [self](drain_atom) { self->state.connection->graceful_close(); },
    [self](peer_atom, const storage_gate_peer& peer) {
      self->state.collaborators.gate = peer.handle;
      if (self->state.stream)
        self->send(self->state.stream, peer_v, peer);
    },
    [self](peer_atom, const credential_manager_peer& peer) {
      self->state.collaborators.manager = peer.handle;
      if (self->state.stream)
        self->send(self->state.stream, peer_v, peer);
    },
    [self](peer_atom, const health_peer& peer) { self->state.collaborators.health = peer.handle; },
    [self](peer_atom, const password_pool_peer& peer) { self->state.collaborators.passwords = peer.handle; },
    [self](peer_atom, const token_reader_peer& peer) { self->state.collaborators.reader = peer.handle; },
  };
}

http::body_policy body_policy_of(const http::request_head& head) {
  return http::takes_body_as_stream(head) ? http::body_policy::streamed()
                                          : http::body_policy::buffered(http::connection_settings{}.body_limit);
}

void dispatch(http::api_route route, const api_request& request) {
  using http::api_route;
  constexpr auto basic = core::client_kind::basic;
  constexpr auto x509 = core::client_kind::x509;
  switch (route) {
  case api_route::list_endpoint_tokens:
    return list_tokens(request);
  case api_route::create_endpoint_token:
    return create_token(request);
  case api_route::delete_endpoint_tokens:
    return delete_all_tokens(request);
  case api_route::get_endpoint_token:
    return get_token(request);
  case api_route::delete_endpoint_token:
    return delete_token(request);
  case api_route::set_endpoint_token_status:
    return set_token_status(request);
  case api_route::endpoint_token_history:
    return show_token_history(request);
  case api_route::import_endpoint_tokens:
    return import_tokens(request);
  case api_route::export_endpoint_tokens:
    return export_tokens(request);
  case api_route::list_basic_credentials:
    return list_clients(request, basic);
  case api_route::create_basic_credential:
    return create_basic(request);
  case api_route::get_basic_credential:
    return get_client(request, basic);
  case api_route::delete_basic_credential:
    return delete_client(request, basic);
  case api_route::set_basic_credential_status:
    return set_client_status(request, basic);
  case api_route::set_basic_credential_password:
    return set_password(request);
  case api_route::list_x509_credentials:
    return list_clients(request, x509);
  case api_route::create_x509_credential:
    return create_x509(request);
  case api_route::get_x509_credential:
    return get_client(request, x509);
  case api_route::delete_x509_credential:
    return delete_client(request, x509);
  case api_route::set_x509_credential_status:
    return set_client_status(request, x509);
  case api_route::list_revocations:
    return list_revocations(request);
  case api_route::openapi:
    request.exchange->respond(http::render_openapi(request.exchange->request()));
    return;
  case api_route::docs:
    request.exchange->respond(http::render_docs(request.exchange->request()));
    return;
  }
}

void handle_api(http_session_pointer self, const api_context& context, const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  const auto match = context.routes.match(request);
  if (match.outcome != http::route_outcome::matched) {
    exchange->respond(http::answer_unmatched(request, match));
    return;
  }
  exchange->set_route(static_cast<std::size_t>(match.route));
  const auto media = http::media_of(match.route);
  if (auto refused = http::refuse_unacceptable(request, media.answer)) {
    exchange->respond(std::move(*refused));
    return;
  }
  if (http::changes_something(match.route)) {
    if (auto refused = http::refuse_coded_body(request)) {
      exchange->respond(std::move(*refused));
      return;
    }
  }
  if (media.body) {
    if (auto refused = http::refuse_media_type(request, *media.body)) {
      exchange->respond(std::move(*refused));
      return;
    }
  }
  if (auto refused = http::refuse_unknown_parameters(request, match.route)) {
    exchange->respond(std::move(*refused));
    return;
  }
  dispatch(match.route, api_request{self, exchange, match.parameters, context.deadline, &context});
}

http::metrics_source metrics_of(const management_context& context, const core::health_snapshot& snapshot,
                                const core::process_usage& process) {
  return {*context.metrics, *context.rest, snapshot, process, context.info, context.memory_budget, core::now_ms()};
}

http::response render(const management_context& context, http::management_route route,
                      const core::health_snapshot& snapshot) {
  switch (route) {
  case http::management_route::health:
    return http::render_health(snapshot, context.settings);
  case http::management_route::liveness:
    return http::render_liveness(snapshot);
  case http::management_route::readiness:
    return http::render_readiness(snapshot);
  case http::management_route::metrics:
    return http::render_metrics(metrics_of(context, snapshot, core::read_process_usage()));
  case http::management_route::prometheus:
    return http::render_prometheus(metrics_of(context, snapshot, core::read_process_usage()));
  case http::management_route::info:
  case http::management_route::single_metric: // render_single_metric()
    break;
  }
  return http::render_info(context.info);
}

http::response render_single_metric(const management_context& context, const http::request& request,
                                    std::string_view name, const core::health_snapshot& snapshot) {
  auto found = http::render_metric(metrics_of(context, snapshot, core::read_process_usage()), name);
  return found ? std::move(*found) : http::problem(request, 404, "No such metric");
}

// Calls `answer` with the snapshot of the health reporter, or with an empty one (status DOWN) if it does not respond.
void with_snapshot(http_session_pointer self, std::chrono::milliseconds deadline,
                   const std::function<void(const core::health_snapshot&)>& answer) {
  request_within(self, self->state.collaborators.health, deadline, snapshot_v)
    .then([answer](const health_snapshot_ptr& snapshot) { answer(*snapshot); },
          [answer](const caf::error& problem) {
            // The process is live, as it responds; the components are unknown until the reporter is restarted.
            core::health_snapshot unknown;
            unknown.status = core::health_status::down;
            core::logger("cm.health")->warn("no answer from the health reporter: {}", describe_reason(problem));
            answer(unknown);
          });
}

void handle_agent(http_session_pointer self, const std::shared_ptr<const agent_context>& context,
                  const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  if (!http::shows_login(request, "monitor", *context->password->get())) {
    exchange->respond(http::problem(request, 401).with("WWW-Authenticate", "Basic realm=\"jolokia\""));
    return;
  }
  if (!http::is_jolokia_path(request)) {
    exchange->respond(http::problem(request, 404));
    return;
  }
  with_snapshot(self, context->management->deadline, [exchange, context](const core::health_snapshot& snapshot) {
    const auto& management = *context->management;
    const auto process = core::read_process_usage();
    const auto source = metrics_of(management, snapshot, process);
    const auto beans = http::collect_beans(source, management.settings);
    exchange->respond(http::answer_jolokia(exchange->request(),
                                           {beans, management.info.version, management.info.instance, source.now}));
  });
}

void handle_management(http_session_pointer self, const std::shared_ptr<const management_context>& context,
                       const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  const auto match = context->routes.match(request);
  if (match.outcome != http::route_outcome::matched) {
    exchange->respond(http::answer_unmatched(request, match));
    return;
  }
  const auto route = match.route;
  if (route == http::management_route::info) {
    exchange->respond(http::render_info(context->info));
    return;
  }
  // The name refers to the request, which the exchange owns.
  const auto name = match.parameters["name"];
  with_snapshot(self, context->deadline, [exchange, context, route, name](const core::health_snapshot& snapshot) {
    exchange->respond(route == http::management_route::single_metric
                        ? render_single_metric(*context, exchange->request(), name, snapshot)
                        : render(*context, route, snapshot));
  });
}

} // namespace

http_session_state::~http_session_state() {
  if (connection)
    connection->graceful_close();
}

http_session_actor::behavior_type api_session(http_session_pointer self, const socket_ptr& accepted,
                                              http_collaborators collaborators,
                                              std::shared_ptr<const api_context> context) {
  harden(self);
  self->state.collaborators = std::move(collaborators);
  const auto* io = &accepted->socket.get_executor().context();
  const auto loop = std::find_if(context->loops.begin(), context->loops.end(),
                                 [io](const api_context::loop& candidate) { return candidate.io == io; });
  open_connection(self, accepted, context->connection, body_policy_of,
                  loop == context->loops.end() ? nullptr : loop->counters);
  return make_session(self, [self, context](const exchange_ptr& exchange) { handle_api(self, *context, exchange); });
}

http_session_actor::behavior_type management_session(http_session_pointer self, const socket_ptr& accepted,
                                                     http_collaborators collaborators,
                                                     std::shared_ptr<const management_context> context) {
  harden(self);
  self->state.collaborators = std::move(collaborators);
  open_connection(self, accepted, context->connection);
  return make_session(self,
                      [self, context](const exchange_ptr& exchange) { handle_management(self, context, exchange); });
}

http_session_actor::behavior_type agent_session(http_session_pointer self, const socket_ptr& accepted,
                                                http_collaborators collaborators,
                                                std::shared_ptr<const agent_context> context) {
  harden(self);
  self->state.collaborators = std::move(collaborators);
  open_connection(self, accepted, context->management->connection);
  return make_session(self, [self, context](const exchange_ptr& exchange) { handle_agent(self, context, exchange); });
}

} // namespace cm::actors
