// What an operator gives to create tokens: one by a REST request, or many by the lines of an import.
#pragma once

#include "core/base/secret.hpp"
#include "core/credentials/credential.hpp"

#include <optional>
#include <string>

namespace cm::core {

/// A request to create one token.
struct create_token_request {
  std::string endpoint_id;
  std::string application_name;
  std::optional<secret> token; ///< missing: CM generates one
};

/// A line of an import.
struct import_line {
  std::string endpoint_id;
  std::string application_name;
  std::optional<secret> token;             ///< missing: CM generates one
  std::optional<credential_status> status; ///< missing: Inactive for a new token, any for an existing one
};

} // namespace cm::core
