#include "actors/http_session.hpp"

#include "actors/hardening.hpp"
#include "core/logging.hpp"
#include "http/endpoint_tokens.hpp"
#include "http/management.hpp"
#include "http/negotiation.hpp"
#include "http/problem.hpp"

#include <caf/send.hpp>

#include <functional>
#include <utility>

namespace cm::actors {

namespace {

void open_connection(http_session_pointer self, const socket_ptr& accepted,
                     const std::shared_ptr<const http::connection_settings>& settings) {
  const auto me = caf::actor_cast<http_session_actor>(self);
  http::connection_callbacks callbacks;
  callbacks.on_request = [me](exchange_ptr one) { caf::anon_send(me, exchange_v, std::move(one)); };
  callbacks.on_closed = [me] { caf::anon_send(me, closed_v); };
  callbacks.on_refused = [](const http::refusal& refused) {
    core::logger("cm.http")->debug(
      "refused with {}: {}{}", refused.status, refused.reason,
      core::log_fields{{"correlationId", refused.correlation_id}, {"remoteAddress", refused.remote_address}});
  };
  self->state.connection = http::connection::create(std::move(*accepted), settings, std::move(callbacks));
  self->state.connection->start();
}

// The part that both kinds of session have in common; `handle` answers one request.
http_session_actor::behavior_type make_session(http_session_pointer self,
                                               std::function<void(const exchange_ptr&)> handle) {
  return {
    [handle = std::move(handle)](exchange_atom, const exchange_ptr& one) { handle(one); },
    [self](closed_atom) { self->quit(caf::exit_reason::user_shutdown); },
    [self](drain_atom) { self->state.connection->graceful_close(); },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.collaborators.gate = peer.handle; },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.collaborators.manager = peer.handle; },
    [self](peer_atom, const health_peer& peer) { self->state.collaborators.health = peer.handle; },
  };
}

// Answers with the error; what the client is not told goes to the log.
void answer_error(const exchange_ptr& one, const core::error& problem) {
  const auto& request = one->request();
  const bool ours = core::http_status(problem.code) >= 500;
  const auto level = ours ? spdlog::level::warn : spdlog::level::debug;
  core::logger("cm.http")->log(level, "{} {} is answered {}: {}{}", http::to_string(request.verb()), request.path(),
                               core::http_status(problem.code),
                               problem.detail.empty() ? problem.message : problem.detail,
                               core::log_fields{{"correlationId", request.correlation_id()}});
  one->respond(http::problem(request, problem));
}

void answer_lost(const exchange_ptr& one, const char* who, const caf::error& problem) {
  answer_error(one, core::make_error(core::errc::unavailable, "Service Unavailable",
                                     std::string("no answer from the ") + who + ": " + describe_reason(problem)));
}

void create_token(http_session_pointer self, const exchange_ptr& one, const http::path_parameters& path,
                  std::chrono::milliseconds deadline) {
  const auto& request = one->request();
  if (auto refused = http::refuse_media_type(request)) {
    one->respond(std::move(*refused));
    return;
  }
  auto parsed = http::parse_create(request, path);
  if (parsed.has_error()) {
    answer_error(one, parsed.error());
    return;
  }
  auto order = std::make_shared<create_token_order>();
  order->request = std::move(*parsed);
  order->origin = {core::channel::rest, {}, request.correlation_id()};
  self
    ->request(self->state.collaborators.manager, deadline + std::chrono::seconds{1}, create_v,
              create_order_ptr{std::move(order)})
    .then(
      [one](const create_result_ptr& result) {
        if (result->has_error())
          answer_error(one, result->error());
        else
          one->respond(http::render_created((*result)->token, (*result)->value));
      },
      [one](const caf::error& problem) { answer_lost(one, "credential manager", problem); });
}

void list_tokens(http_session_pointer self, const exchange_ptr& one, const http::path_parameters& path,
                 std::chrono::milliseconds deadline) {
  auto parsed = http::parse_list(one->request(), path);
  if (parsed.has_error()) {
    answer_error(one, parsed.error());
    return;
  }
  storage::list_tokens command;
  command.endpoint_id = std::move(parsed->endpoint_id);
  command.statuses = std::move(parsed->statuses);
  command.offset = parsed->offset;
  command.limit = parsed->limit;
  command.ascending = parsed->order == http::sort_order::ascending;
  auto job = std::make_shared<const storage_job>(storage_job{std::move(command), self->clock().now() + deadline});
  self->request(self->state.collaborators.gate, deadline + std::chrono::milliseconds{500}, execute_v, std::move(job))
    .then(
      [one](const storage_result_ptr& result) {
        if (result->has_error()) {
          auto problem = result->error();
          if (problem.code == core::errc::expired)
            problem.code = core::errc::unavailable;
          answer_error(one, problem);
          return;
        }
        const auto* page = std::get_if<storage::token_page>(&**result);
        if (page == nullptr)
          answer_error(one, core::make_error(core::errc::internal, {}, "a list was answered with something else"));
        else
          one->respond(http::render_page(one->request(), page->items, page->total));
      },
      [one](const caf::error& problem) { answer_lost(one, "storage gate", problem); });
}

void handle_api(http_session_pointer self, const api_context& context, const exchange_ptr& one) {
  const auto& request = one->request();
  const auto match = context.routes.match(request);
  if (match.outcome != http::route_outcome::matched) {
    one->respond(http::answer_unmatched(request, match));
    return;
  }
  if (auto refused = http::refuse_unacceptable(request)) {
    one->respond(std::move(*refused));
    return;
  }
  switch (match.route) {
  case http::api_route::create_endpoint_token:
    create_token(self, one, match.parameters, context.deadline);
    return;
  case http::api_route::list_endpoint_tokens:
    list_tokens(self, one, match.parameters, context.deadline);
    return;
  }
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
  case http::management_route::info:
    break;
  }
  return http::render_info(context.info);
}

void handle_management(http_session_pointer self, const std::shared_ptr<const management_context>& context,
                       const exchange_ptr& one) {
  const auto& request = one->request();
  const auto match = context->routes.match(request);
  if (match.outcome != http::route_outcome::matched) {
    one->respond(http::answer_unmatched(request, match));
    return;
  }
  const auto route = match.route;
  if (route == http::management_route::info) {
    one->respond(http::render_info(context->info));
    return;
  }
  self->request(self->state.collaborators.health, context->deadline, snapshot_v)
    .then(
      [one, context, route](const health_snapshot_ptr& snapshot) { one->respond(render(*context, route, *snapshot)); },
      [one, context, route](const caf::error& problem) {
        // The process lives, or nobody would answer here; of the rest nothing is known until the reporter is back.
        core::health_snapshot unknown;
        unknown.status = core::health_status::down;
        core::logger("cm.health")->warn("no answer from the health reporter: {}", describe_reason(problem));
        one->respond(render(*context, route, unknown));
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
  open_connection(self, accepted, context->connection);
  return make_session(self, [self, context](const exchange_ptr& one) { handle_api(self, *context, one); });
}

http_session_actor::behavior_type management_session(http_session_pointer self, const socket_ptr& accepted,
                                                     http_collaborators collaborators,
                                                     std::shared_ptr<const management_context> context) {
  harden(self);
  self->state.collaborators = std::move(collaborators);
  open_connection(self, accepted, context->connection);
  return make_session(self, [self, context](const exchange_ptr& one) { handle_management(self, context, one); });
}

} // namespace cm::actors
