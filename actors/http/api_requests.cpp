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

namespace {

// Refuses a stream of which too many run. @return null then
stream_slot take_slot(const api_request& request, stream_slots& from, const char* kind) {
  auto slot = from.take();
  if (!slot) {
    constexpr const char* retry_after = "5";
    auto refused =
      http::problem(request.exchange->request(), 429, std::string("Too many ").append(kind).append(" run at present"));
    for (auto& [name, value] : refused.headers) {
      if (name == "Retry-After")
        value = retry_after;
    }
    request.exchange->respond(std::move(refused));
  }
  return slot;
}

// The session passes restarted collaborators on to its stream, and lets go of it when it has ended.
void keep_stream(http_session_pointer self, http_stream_actor stream) {
  self->monitor(stream);
  self->state.stream = std::move(stream);
}

} // namespace

void import_tokens(const api_request& request) {
  const auto self = request.self;
  import_stream_settings settings;
  settings.slot = take_slot(request, *request.context->streams->imports, "imports");
  if (!settings.slot)
    return;
  // A thread of its own, because it would delay the actors that share its scheduler thread.
  keep_stream(self, self->spawn<caf::detached>(import_stream, request.exchange, self->state.collaborators.manager,
                                               std::move(settings)));
}

void export_tokens(const api_request& request) {
  const auto self = request.self;
  const auto& received = request.exchange->request();
  auto application = http::parse_export(received);
  if (application.has_error()) {
    answer_error(request.exchange, application.error());
    return;
  }
  if (received.verb() == http::method::head) { // needs nothing from the database
    http::response head;
    head.content_type = http::to_string(http::media::ndjson);
    if (request.exchange->begin(std::move(head)))
      request.exchange->end();
    return;
  }
  export_stream_settings settings;
  settings.slot = take_slot(request, *request.context->streams->exports, "exports");
  if (!settings.slot)
    return;
  settings.application = std::move(*application);
  settings.deadline = request.context->deadline;
  keep_stream(self, self->spawn(export_stream, request.exchange, self->state.collaborators.gate, std::move(settings)));
}

} // namespace cm::actors
