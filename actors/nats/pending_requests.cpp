#include "actors/nats/pending_requests.hpp"

#include "core/base/time.hpp"
#include "core/credentials/change_origin.hpp"
#include "messaging/records/avro.hpp"

#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

namespace ecap = messaging::ecap;

using id_text = std::array<char, 36>;

std::string_view write_id(const core::uuid& id, id_text& text) noexcept {
  core::write_to(id, text.data());
  return {text.data(), text.size()};
}

template <class Response>
void add(in_flight_ticket&& ticket, core::steady_time arrived, const Response& answer, reply_batch& out) {
  out.add(std::move(ticket), {answer.status_code, arrived},
          [&answer](std::string& bytes) { messaging::encode(answer, bytes); });
}

template <class Request>
void accept_client(pending_request<Request>&& call, std::string_view credential_id, std::string_view client_id,
                   reply_batch& out) {
  auto answer = make_response<Request>(call.request.correlation_id, core::errc::none);
  answer.credential_id = credential_id;
  answer.client_id = client_id;
  add(std::move(call.ticket), call.arrived, answer, out);
}

} // namespace

core::errc code_of_failure(core::errc code) noexcept {
  return code == core::errc::overloaded || code == core::errc::internal ? code : core::errc::unavailable;
}

template <class Request>
void refuse(pending_request<Request>&& call, core::errc code, reply_batch& out) {
  const auto answer = make_response<Request>(call.request.correlation_id, code);
  add(std::move(call.ticket), call.arrived, answer, out);
}

template <class Request>
void refuse_undecodable(in_flight_ticket&& ticket, std::string_view correlation_id, core::steady_time arrived,
                        reply_batch& out) {
  const auto answer = make_response<Request>(correlation_id, core::errc::invalid);
  add(std::move(ticket), arrived, answer, out);
}

template <class Request>
void refuse_unread(in_flight_ticket&& ticket, core::steady_time arrived, reply_batch& out) {
  std::string_view correlation_id; // the first field
  messaging::avro::reader reader(ticket.message().payload());
  if (!reader.read_string(correlation_id))
    correlation_id = {};
  const auto answer = make_response<Request>(core::kept_correlation_id(correlation_id), core::errc::unavailable);
  add(std::move(ticket), arrived, answer, out);
}

template <class Request>
void answer_unavailable(in_flight_ticket ticket, std::string_view correlation_id, core::steady_time arrived) noexcept {
  try {
    reply_batch replies(ticket.origin().shared_from_this()); // the destructor publishes it
    add(std::move(ticket), arrived, make_response<Request>(correlation_id, core::errc::unavailable), replies);
  } catch (const std::exception&) {
    return; // memory is exhausted: the ticket counts the loss and gives its slot back
  }
}

#define CM_REFUSALS_OF(record)                                                                                         \
  template void refuse(pending_request<ecap::record>&&, core::errc, reply_batch&);                                     \
  template void refuse_undecodable<ecap::record>(in_flight_ticket&&, std::string_view, core::steady_time,              \
                                                 reply_batch&);                                                        \
  template void refuse_unread<ecap::record>(in_flight_ticket&&, core::steady_time, reply_batch&);                      \
  template void answer_unavailable<ecap::record>(in_flight_ticket, std::string_view, core::steady_time) noexcept

CM_REFUSALS_OF(endpoint_token_validation_request);
CM_REFUSALS_OF(endpoint_token_status_transition_request);
CM_REFUSALS_OF(client_username_password_validation_request);
CM_REFUSALS_OF(client_certificate_validation_request);

#undef CM_REFUSALS_OF

void accept(pending_token_request&& call, std::string_view token_id, std::string_view endpoint_id, reply_batch& out) {
  auto answer = make_response<ecap::endpoint_token_validation_request>(call.request.correlation_id, core::errc::none);
  answer.token_id = token_id;
  answer.endpoint_id = endpoint_id;
  add(std::move(call.ticket), call.arrived, answer, out);
}

void accept(pending_password_request&& call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out) {
  accept_client(std::move(call), credential_id, client_id, out);
}

void accept(pending_certificate_request&& call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out) {
  accept_client(std::move(call), credential_id, client_id, out);
}

void accept(pending_token_request&& call, const core::uuid& token_id, std::string_view endpoint_id, reply_batch& out) {
  id_text id{};
  accept(std::move(call), write_id(token_id, id), endpoint_id, out);
}

void accept(pending_password_request&& call, const core::client_credential& credential, reply_batch& out) {
  id_text id{};
  accept_client(std::move(call), write_id(credential.id, id), credential.client_id, out);
}

void accept(pending_certificate_request&& call, const core::client_credential& credential, reply_batch& out) {
  id_text id{};
  accept_client(std::move(call), write_id(credential.id, id), credential.client_id, out);
}

} // namespace cm::actors
