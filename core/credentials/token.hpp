// An endpoint token as all modules know it. The token's value is never in it: CM keeps only its hash (contract 6.2).
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::core {

/// Keyed hash over application and token: what is stored and looked up.
using token_hash = std::array<std::uint8_t, 32>;

struct endpoint_token {
  uuid id;
  std::string application;
  std::string endpoint_id;
  credential_status status = credential_status::inactive;
  timestamp created_at{};
  std::optional<timestamp> updated_at; ///< last change of the status

  friend bool operator==(const endpoint_token&, const endpoint_token&) = default;
};

/// Who changed a credential, for the audit trail and the events.
struct change_origin {
  channel how = channel::rest;
  std::string actor;          ///< a principal or a service instance; never a secret; empty where nobody is known
  std::string correlation_id; ///< as it came in, or made by CM
};

} // namespace cm::core
