#include "actors/nats/oversized_reply.hpp"

#include "actors/nats/pending_requests.hpp"
#include "core/base/text.hpp"
#include "messaging/records/avro.hpp"

namespace cm::actors {

namespace {

template <class Request>
std::string bad_request(std::string_view correlation_id) {
  std::string out;
  messaging::encode(make_response<Request>(correlation_id, core::errc::invalid), out);
  return out;
}

} // namespace

std::string oversized_reply(ecap_protocol protocol, std::string_view request, std::size_t id_limit) {
  std::string_view id;
  messaging::avro::reader reader(request);
  if (!reader.read_string(id))
    id = {};
  id = core::utf8_prefix(id, id_limit);
  switch (protocol) {
  case ecap_protocol::ep_token:
    return bad_request<messaging::ecap::endpoint_token_validation_request>(id);
  case ecap_protocol::ep_token_status:
    return bad_request<messaging::ecap::endpoint_token_status_transition_request>(id);
  case ecap_protocol::client_password:
    return bad_request<messaging::ecap::client_username_password_validation_request>(id);
  case ecap_protocol::client_certificate:
    break;
  }
  return bad_request<messaging::ecap::client_certificate_validation_request>(id);
}

} // namespace cm::actors
