#include "actors/event_encoding.hpp"

#include "core/uuid.hpp"
#include "messaging/ecap.hpp"
#include "messaging/subjects.hpp"

#include <vector>

namespace cm::actors {

namespace {

template <class Event>
Event begin_event(const core::revocation& what, std::string_view replica_id) {
  Event event;
  event.correlation_id = what.correlation_id;
  event.timestamp = core::to_unix_ms(what.at);
  event.originator_replica_id = replica_id;
  return event;
}

} // namespace

encoded_event encode_event(const core::revocation& what, std::string_view instance, std::string_view replica_id) {
  encoded_event out;
  std::vector<std::string> ids;
  ids.reserve(what.ids.size());
  for (const auto& id : what.ids)
    ids.push_back(core::to_string(id));
  if (what.kind == core::revoked_kind::endpoint_tokens) {
    auto event = begin_event<messaging::ecap::endpoint_token_revoked_event>(what, replica_id);
    event.app_name = what.application;
    event.endpoint_id = what.endpoint_id;
    event.token_ids.assign(ids.begin(), ids.end());
    out.subject = messaging::subjects::endpoint_token_revoked(instance);
    messaging::encode(event, out.payload);
    return out;
  }
  auto event = begin_event<messaging::ecap::client_credential_revoked_event>(what, replica_id);
  if (!ids.empty())
    event.credential_id = ids.front();
  out.subject = messaging::subjects::client_credential_revoked(instance);
  messaging::encode(event, out.payload);
  return out;
}

} // namespace cm::actors
