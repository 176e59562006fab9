#include "actors/http/api_requests.hpp"

#include "actors/http/export_stream.hpp"
#include "actors/http/import_stream.hpp"
#include "core/observability/logging.hpp"
#include "http/rest/token_export.hpp"
#include "http/server/error_status.hpp"

namespace cm::actors {

void answer_error(const exchange_ptr& exchange, const core::error& problem) {
  const auto& request = exchange->request();
  const bool server_error = core::is_fault(problem.code);
  const auto level = server_error ? spdlog::level::warn : spdlog::level::debug;
  core::logger("cm.http")->log(level, "{} {} is answered {}: {}{}", http::to_string(request.verb()), request.path(),
                               http::status_of(problem.code), problem.detail.empty() ? problem.message : problem.detail,
                               core::log_fields{{"correlationId", request.correlation_id()}});
  exchange->respond(http::problem(request, problem));
}

void answer_lost(const exchange_ptr& exchange, const char* peer, const caf::error& problem) {
  answer_error(exchange, core::make_error(core::errc::unavailable, "Service Unavailable",
                                          std::string("no answer from the ") + peer + ": " + describe_reason(problem)));
}

core::error other_reply() {
  return core::make_error(core::errc::internal, {}, "the storage gate sent an unexpected kind of reply");
}

core::change_origin origin_of_request(const http::request& request) {
  return {core::channel::rest, {}, request.correlation_id()};
}

void import_tokens(const api_request& request) {
  const auto self = request.self;
  // Parsing a million lines takes seconds of CPU time, so an import gets a thread of its own if one is free: otherwise
  // it delays the actors that share its scheduler thread.
  import_stream_settings settings;
  settings.thread = take_import_thread(request.context->imports);
  const auto& manager = self->state.collaborators.manager;
  if (settings.thread)
    self->state.stream = self->spawn<caf::detached>(import_stream, request.exchange, manager, std::move(settings));
  else
    self->state.stream = self->spawn(import_stream, request.exchange, manager, std::move(settings));
}

void export_tokens(const api_request& request) {
  const auto self = request.self;
  auto application = http::parse_export(request.exchange->request());
  if (application.has_error()) {
    answer_error(request.exchange, application.error());
    return;
  }
  export_stream_settings settings;
  settings.application = std::move(*application);
  settings.deadline = request.context->deadline;
  self->state.stream =
    self->spawn(export_stream, request.exchange, self->state.collaborators.gate, std::move(settings));
}

} // namespace cm::actors
