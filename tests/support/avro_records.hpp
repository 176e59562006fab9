// Every record by its name in tests/vectors/avro.json, with its fields, for tests that iterate over all of them.
#pragma once

#include "messaging/records/ecap.hpp"
#include "messaging/records/elce.hpp"
#include "messaging/records/scmp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cm::test {

// Calls visit("fieldName", member) for every field, in the order of the contract.

template <class Record, class Visit>
void common(Record& r, Visit& visit) {
  visit("correlationId", r.correlation_id);
  visit("timestamp", r.timestamp);
  visit("timeout", r.timeout);
}

template <class Record, class Visit>
void client_answer(Record& r, Visit& visit) {
  common(r, visit);
  visit("credentialId", r.credential_id);
  visit("clientId", r.client_id);
  visit("statusCode", r.status_code);
  visit("reasonPhrase", r.reason_phrase);
}

template <class Record, class Visit>
void for_each_field(Record& r, Visit visit) {
  using namespace messaging;
  using plain = std::remove_const_t<Record>;
  if constexpr (std::is_same_v<plain, ecap::endpoint_token_validation_request>) {
    common(r, visit);
    visit("appName", r.app_name);
    visit("token", r.token);
  } else if constexpr (std::is_same_v<plain, ecap::endpoint_token_validation_response>) {
    common(r, visit);
    visit("tokenId", r.token_id);
    visit("endpointId", r.endpoint_id);
    visit("statusCode", r.status_code);
    visit("reasonPhrase", r.reason_phrase);
  } else if constexpr (std::is_same_v<plain, ecap::endpoint_token_status_transition_request>) {
    common(r, visit);
    visit("appName", r.app_name);
    visit("token", r.token);
    visit("targetStatus", r.target_status);
  } else if constexpr (std::is_same_v<plain, ecap::endpoint_token_status_transition_response>) {
    common(r, visit);
    visit("statusCode", r.status_code);
    visit("reasonPhrase", r.reason_phrase);
  } else if constexpr (std::is_same_v<plain, ecap::client_username_password_validation_request>) {
    common(r, visit);
    visit("username", r.username);
    visit("password", r.password);
  } else if constexpr (std::is_same_v<plain, ecap::client_username_password_validation_response>) {
    client_answer(r, visit);
  } else if constexpr (std::is_same_v<plain, ecap::client_certificate_validation_request>) {
    common(r, visit);
    visit("issuer", r.issuer);
    visit("serialNumber", r.serial_number);
  } else if constexpr (std::is_same_v<plain, ecap::client_certificate_validation_response>) {
    client_answer(r, visit);
  } else if constexpr (std::is_same_v<plain, ecap::endpoint_token_revoked_event>) {
    common(r, visit);
    visit("appName", r.app_name);
    visit("endpointId", r.endpoint_id);
    visit("tokenIds", r.token_ids);
    visit("originatorReplicaId", r.originator_replica_id);
  } else if constexpr (std::is_same_v<plain, ecap::client_credential_revoked_event>) {
    common(r, visit);
    visit("credentialId", r.credential_id);
    visit("originatorReplicaId", r.originator_replica_id);
  } else if constexpr (std::is_same_v<plain, elce::unregistered_event>) {
    common(r, visit);
    visit("appVersionName", r.app_version_name);
    visit("endpointId", r.endpoint_id);
    visit("originatorReplicaId", r.originator_replica_id);
  } else if constexpr (std::is_same_v<plain, scmp::broadcast_configuration_update_event>) {
    visit("correlationId", r.correlation_id);
    visit("timestamp", r.timestamp);
    visit("originatorReplicaId", r.originator_replica_id);
    visit("tenantID", r.tenant_id);
    visit("appName", r.app_name);
    visit("appVerName", r.app_ver_name);
  } else {
    static_assert(std::is_same_v<plain, scmp::service_specific_configuration_update_event>);
    visit("correlationId", r.correlation_id);
    visit("timestamp", r.timestamp);
    visit("tenantID", r.tenant_id);
    visit("appName", r.app_name);
    visit("appVerName", r.app_ver_name);
  }
}

/// Calls visit("ecap", Record{}) etc. for every record.
template <class Visit>
void for_each_record(Visit visit) {
  using namespace messaging;
  visit("ecap", ecap::endpoint_token_validation_request{});
  visit("ecap", ecap::endpoint_token_validation_response{});
  visit("ecap", ecap::endpoint_token_status_transition_request{});
  visit("ecap", ecap::endpoint_token_status_transition_response{});
  visit("ecap", ecap::client_username_password_validation_request{});
  visit("ecap", ecap::client_username_password_validation_response{});
  visit("ecap", ecap::client_certificate_validation_request{});
  visit("ecap", ecap::client_certificate_validation_response{});
  visit("ecap", ecap::endpoint_token_revoked_event{});
  visit("ecap", ecap::client_credential_revoked_event{});
  visit("elce", elce::unregistered_event{});
  visit("scmp", scmp::broadcast_configuration_update_event{});
  visit("scmp", scmp::service_specific_configuration_update_event{});
}

/// Calls use(Record{}) for the record with that name ("ecap.EndpointTokenValidationRequest"); false if there is none.
template <class Use>
bool with_record(std::string_view name, Use use) {
  bool found = false;
  for_each_record([&](std::string_view protocol, auto record) {
    if (name == std::string(protocol) + "." + std::string(record.avro_name)) {
      found = true;
      use(record);
    }
  });
  return found;
}

} // namespace cm::test
