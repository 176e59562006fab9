#include "actors/events/event_encoding.hpp"

#include "core/base/uuid.hpp"
#include "messaging/records/avro.hpp"
#include "messaging/records/ecap.hpp"
#include "messaging/records/subjects.hpp"

#include <span>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

template <class Event>
Event begin_event(const core::revocation& revoked, std::string_view replica_id) {
  Event event;
  event.correlation_id = revoked.correlation_id;
  event.timestamp = core::to_unix_ms(revoked.at);
  event.originator_replica_id = replica_id;
  return event;
}

template <class Event>
std::string encoded(const Event& event) {
  std::string payload;
  messaging::encode(event, payload);
  return payload;
}

// Returns how many of the IDs, from the first one on, fit into one message.
// @param overhead bytes of the event without IDs
std::size_t ids_that_fit(std::span<const std::string> ids, std::size_t overhead, std::size_t max_payload) {
  auto size = overhead;
  for (std::size_t count = 0; count < ids.size(); ++count) {
    size += messaging::avro::size_of_string(ids[count]);
    // Avro writes the array as one block: item count, items, end marker. The overhead contains the end marker.
    if (size + messaging::avro::size_of_long(static_cast<std::int64_t>(count + 1)) > max_payload)
      return count;
  }
  return ids.size();
}

std::vector<std::string> split(messaging::ecap::endpoint_token_revoked_event event, std::span<const std::string> ids,
                               std::size_t max_payload) {
  std::vector<std::string> payloads;
  event.token_ids.clear();
  auto whole = encoded(event);
  const auto overhead = whole.size();
  if (ids.empty() && overhead <= max_payload)
    payloads.push_back(std::move(whole));
  while (!ids.empty()) {
    const auto count = ids_that_fit(ids, overhead, max_payload);
    if (count == 0)
      return {};
    const auto part = ids.first(count);
    event.token_ids.assign(part.begin(), part.end());
    payloads.push_back(encoded(event));
    ids = ids.subspan(count);
  }
  return payloads;
}

} // namespace

encoded_event encode_event(const core::revocation& revoked, std::string_view instance, std::string_view replica_id,
                           std::size_t max_payload) {
  encoded_event out;
  std::vector<std::string> ids;
  ids.reserve(revoked.ids.size());
  for (const auto& id : revoked.ids)
    ids.push_back(core::to_string(id));
  if (revoked.kind == core::revoked_kind::endpoint_tokens) {
    auto event = begin_event<messaging::ecap::endpoint_token_revoked_event>(revoked, replica_id);
    event.app_name = revoked.application;
    event.endpoint_id = revoked.endpoint_id;
    out.subject = messaging::subjects::endpoint_token_revoked(instance);
    out.payloads = split(std::move(event), ids, max_payload);
    return out;
  }
  auto event = begin_event<messaging::ecap::client_credential_revoked_event>(revoked, replica_id);
  if (!ids.empty())
    event.credential_id = ids.front();
  out.subject = messaging::subjects::client_credential_revoked(instance);
  if (auto payload = encoded(event); payload.size() <= max_payload)
    out.payloads.push_back(std::move(payload));
  return out;
}

} // namespace cm::actors
