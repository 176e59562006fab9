// The records of 16/ECAP: validation of endpoint tokens and client credentials, and revocation events (contract 4.1,
// 4.2).
#pragma once

#include "messaging/records/record.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cm::messaging::ecap {

/// The Avro namespace of the records.
inline constexpr std::string_view avro_namespace = "org.kaaproject.ipc.ecap.gen.v1";

/// To CM: validate a token and return its endpoint.
struct endpoint_token_validation_request {
  static constexpr std::string_view avro_name = "EndpointTokenValidationRequest";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view app_name;
  std::string_view token;

  friend bool operator==(const endpoint_token_validation_request&, const endpoint_token_validation_request&) = default;
};

struct endpoint_token_validation_response {
  static constexpr std::string_view avro_name = "EndpointTokenValidationResponse";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::optional<std::string_view> token_id;
  std::optional<std::string_view> endpoint_id;
  std::int32_t status_code = 0;
  std::optional<std::string_view> reason_phrase;

  friend bool operator==(const endpoint_token_validation_response&,
                         const endpoint_token_validation_response&) = default;
};

/// To CM: change the status of a token.
struct endpoint_token_status_transition_request {
  static constexpr std::string_view avro_name = "EndpointTokenStatusTransitionRequest";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view app_name;
  std::string_view token;
  std::string_view target_status;

  friend bool operator==(const endpoint_token_status_transition_request&,
                         const endpoint_token_status_transition_request&) = default;
};

struct endpoint_token_status_transition_response {
  static constexpr std::string_view avro_name = "EndpointTokenStatusTransitionResponse";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::int32_t status_code = 0;
  std::optional<std::string_view> reason_phrase;

  friend bool operator==(const endpoint_token_status_transition_response&,
                         const endpoint_token_status_transition_response&) = default;
};

/// To CM: validate a username and password. `password` refers to the message: destroy the message soon, and do not log
/// it.
struct client_username_password_validation_request {
  static constexpr std::string_view avro_name = "ClientUsernamePasswordValidationRequest";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;

  friend bool operator==(const client_username_password_validation_request&,
                         const client_username_password_validation_request&) = default;
};

struct client_username_password_validation_response {
  static constexpr std::string_view avro_name = "ClientUsernamePasswordValidationResponse";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::optional<std::string_view> credential_id;
  std::optional<std::string_view> client_id;
  std::int32_t status_code = 0;
  std::optional<std::string_view> reason_phrase;

  friend bool operator==(const client_username_password_validation_response&,
                         const client_username_password_validation_response&) = default;
};

/// To CM: validate a certificate by its issuer and its decimal serial number.
struct client_certificate_validation_request {
  static constexpr std::string_view avro_name = "ClientCertificateValidationRequest";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view issuer;
  std::string_view serial_number;

  friend bool operator==(const client_certificate_validation_request&,
                         const client_certificate_validation_request&) = default;
};

struct client_certificate_validation_response {
  static constexpr std::string_view avro_name = "ClientCertificateValidationResponse";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::optional<std::string_view> credential_id;
  std::optional<std::string_view> client_id;
  std::int32_t status_code = 0;
  std::optional<std::string_view> reason_phrase;

  friend bool operator==(const client_certificate_validation_response&,
                         const client_certificate_validation_response&) = default;
};

/// From CM to all listeners: the tokens of one (application, endpoint) that one operation revoked, suspended or
/// deleted.
struct endpoint_token_revoked_event {
  static constexpr std::string_view avro_name = "EndpointTokenRevokedEvent";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view app_name;
  std::string_view endpoint_id;
  std::vector<std::string_view> token_ids;
  std::string_view originator_replica_id;

  friend bool operator==(const endpoint_token_revoked_event&, const endpoint_token_revoked_event&) = default;
};

/// From CM to all listeners: a client credential was revoked, suspended or deleted.
struct client_credential_revoked_event {
  static constexpr std::string_view avro_name = "ClientCredentialRevokedEvent";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view credential_id;
  std::string_view originator_replica_id;

  friend bool operator==(const client_credential_revoked_event&, const client_credential_revoked_event&) = default;
};

} // namespace cm::messaging::ecap

namespace cm::messaging {

extern template decoded<ecap::endpoint_token_validation_request> decode(std::string_view) noexcept;
extern template void encode(const ecap::endpoint_token_validation_request&, std::string&);
extern template decoded<ecap::endpoint_token_validation_response> decode(std::string_view) noexcept;
extern template void encode(const ecap::endpoint_token_validation_response&, std::string&);
extern template decoded<ecap::endpoint_token_status_transition_request> decode(std::string_view) noexcept;
extern template void encode(const ecap::endpoint_token_status_transition_request&, std::string&);
extern template decoded<ecap::endpoint_token_status_transition_response> decode(std::string_view) noexcept;
extern template void encode(const ecap::endpoint_token_status_transition_response&, std::string&);
extern template decoded<ecap::client_username_password_validation_request> decode(std::string_view) noexcept;
extern template void encode(const ecap::client_username_password_validation_request&, std::string&);
extern template decoded<ecap::client_username_password_validation_response> decode(std::string_view) noexcept;
extern template void encode(const ecap::client_username_password_validation_response&, std::string&);
extern template decoded<ecap::client_certificate_validation_request> decode(std::string_view) noexcept;
extern template void encode(const ecap::client_certificate_validation_request&, std::string&);
extern template decoded<ecap::client_certificate_validation_response> decode(std::string_view) noexcept;
extern template void encode(const ecap::client_certificate_validation_response&, std::string&);
extern template decoded<ecap::endpoint_token_revoked_event> decode(std::string_view) noexcept;
extern template void encode(const ecap::endpoint_token_revoked_event&, std::string&);
extern template decoded<ecap::client_credential_revoked_event> decode(std::string_view) noexcept;
extern template void encode(const ecap::client_credential_revoked_event&, std::string&);

} // namespace cm::messaging
