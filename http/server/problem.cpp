#include "http/server/problem.hpp"

#include "core/base/status_phrase.hpp"
#include "http/json/json_writer.hpp"
#include "http/server/error_status.hpp"

namespace cm::http {

namespace {

constexpr int bad_request = 400;
constexpr int throttled = 429;
constexpr int internal_error = 500;
constexpr int unavailable = 503;

// Seconds. A throttled username is refused for 30 s (contract section 6.3); an overload or an outage may end any time.
constexpr std::string_view retry_after_throttled = "30";
constexpr std::string_view retry_after_unavailable = "1";

} // namespace

response problem(const problem_context& context, int status, std::string_view message,
                 const std::vector<core::field_error>& errors) {
  const bool fault = status >= internal_error && status != unavailable;
  json_writer out;
  out.begin_object()
    .member("message", message.empty() || fault ? core::reason_phrase(status) : message)
    .member("status", static_cast<std::uint64_t>(status))
    .member("path", context.path)
    .member("correlationId", context.correlation_id);
  if (status == bad_request && !errors.empty()) {
    out.key("errors").begin_array();
    for (const auto& error : errors)
      out.begin_object().member("field", error.field).member("message", error.message).end_object();
    out.end_array();
  }
  out.end_object();

  response answer = json_response(status, out.take());
  if (status == throttled)
    answer.with("Retry-After", std::string{retry_after_throttled});
  else if (status == unavailable)
    answer.with("Retry-After", std::string{retry_after_unavailable});
  return answer;
}

response problem(const request_head& request, int status, std::string_view message,
                 const std::vector<core::field_error>& errors) {
  return problem(problem_context{request.path(), request.correlation_id()}, status, message, errors);
}

response problem(const request_head& request, const core::error& error) {
  return problem(request, status_of(error.code), error.message, error.fields);
}

} // namespace cm::http
