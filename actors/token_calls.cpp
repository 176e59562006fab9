#include "actors/token_calls.hpp"

#include "core/logging.hpp"
#include "core/time.hpp"

#include <array>
#include <exception>
#include <utility>

namespace cm::actors {

namespace {

using response = messaging::ecap::endpoint_token_validation_response;

response make_response(std::string_view correlation_id, core::errc code) {
  response made;
  made.correlation_id = correlation_id;
  made.timestamp = core::to_unix_ms(core::now_ms());
  made.status_code = core::ecap_status(code);
  if (code != core::errc::none)
    made.reason_phrase = core::reason_phrase(made.status_code);
  return made;
}

} // namespace

token_calls::~token_calls() {
  if (calls_.empty())
    return;
  try {
    reply_batch replies(connection_, door_);
    for (auto& call : calls_)
      refuse(std::move(call), core::errc::unavailable, replies);
  } catch (const std::exception& problem) {
    core::logger("cm.ecap")->error("{} requests were lost: {}", calls_.size(), problem.what());
  }
}

void refuse(token_call call, core::errc code, reply_batch& out) {
  const auto answer = make_response(call.request.correlation_id, code);
  out.add(std::move(call.message), [&answer](std::string& bytes) { messaging::encode(answer, bytes); });
}

void accept(token_call call, const core::endpoint_token& token, reply_batch& out) {
  std::array<char, 36> token_id{};
  core::write_to(token.id, token_id.data());
  auto answer = make_response(call.request.correlation_id, core::errc::none);
  answer.token_id = std::string_view(token_id.data(), token_id.size());
  answer.endpoint_id = token.endpoint_id;
  out.add(std::move(call.message), [&answer](std::string& bytes) { messaging::encode(answer, bytes); });
}

void refuse_undecodable(messaging::message message, std::string_view correlation_id, reply_batch& out) {
  const auto answer = make_response(correlation_id, core::errc::invalid);
  out.add(std::move(message), [&answer](std::string& bytes) { messaging::encode(answer, bytes); });
}

} // namespace cm::actors
