// The NATS subjects of contract section 4.
#pragma once

#include <string>
#include <string_view>

namespace cm::messaging {

/// Whether the name is valid as a token of a subject and as a queue group: printable ASCII without space and `. * >`,
/// not empty, at most 255 bytes.
[[nodiscard]] bool is_instance_name(std::string_view name) noexcept;

/// Whether CM may publish a response to this reply subject (contract 4.1). The sender of a request chooses the subject,
/// but CM publishes with its own rights. So these are refused: subjects of the platform (`kaa.v1.…`)
/// except for those of a replica (`kaa.v1.replica.…`), on which the platform's services receive responses; subjects of
/// the NATS server (`$…`); and what is no subject of one message: wildcards, empty tokens, white space and control
/// characters.
[[nodiscard]] bool is_reply_subject(std::string_view subject) noexcept;

} // namespace cm::messaging

/// Precondition of every function: is_instance_name holds for its argument.
namespace cm::messaging::subjects {

// 4.1: requests to `instance`
[[nodiscard]] std::string ep_token_request(std::string_view instance);
[[nodiscard]] std::string ep_token_status_transition_request(std::string_view instance);
[[nodiscard]] std::string client_username_password_request(std::string_view instance);
[[nodiscard]] std::string client_certificate_request(std::string_view instance);

// 4.2: events from `instance`
[[nodiscard]] std::string endpoint_token_revoked(std::string_view instance);
[[nodiscard]] std::string client_credential_revoked(std::string_view instance);

// 4.3: event from the endpoint register
[[nodiscard]] std::string endpoint_unregistered(std::string_view ep_register_instance);

// 4.6: events from Tekton to all services, and to `instance` only
[[nodiscard]] std::string configuration_upserted(std::string_view tekton_instance);
[[nodiscard]] std::string configuration_deleted(std::string_view tekton_instance);
[[nodiscard]] std::string own_configuration_upserted(std::string_view instance);
[[nodiscard]] std::string own_configuration_deleted(std::string_view instance);

} // namespace cm::messaging::subjects
