// The REST resource /api/v1/clients/certificates (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/credentials/client_credential.hpp"
#include "http/rest/client_credentials.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <optional>
#include <string>

namespace cm::http {

struct create_x509_request {
  core::distinguished_name issuer;
  std::string serial_number; ///< decimal; may be negative
  std::optional<std::string> client_id;
};

/// Reads `{"issuer","serialNumber","clientId"?}` or `{"certificate": PEM,"clientId"?}`.
/// @return errc::invalid with all invalid fields, also if both forms or neither are present
[[nodiscard]] core::expected<create_x509_request> parse_create_x509(const request& from);

/// Reads the query parameters `status`, `issuer` (any spelling of the distinguished name), `serialNumber` (decimal or
/// 0x…, both with or without `-`), and those of read_page().
/// @return errc::invalid with all invalid parameters
[[nodiscard]] core::expected<list_clients_request> parse_list_x509(const request_head& from);

/// 201 with Location. The body contains the canonical issuer, which CM compares certificates with.
[[nodiscard]] response render_created_x509(const core::client_credential& created);

} // namespace cm::http
