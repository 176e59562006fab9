// An endpoint token without its value: CM stores only the hash of the value (contract 6.2).
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::core {

/// Keyed hash of application and token value; the database stores it and looks tokens up by it (token_hash.hpp).
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

} // namespace cm::core
