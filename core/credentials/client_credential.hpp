// A client credential: a username with a password, or an X.509 certificate. Contains no secret.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cm::core {

/// The database stores the numbers: never change them.
enum class client_kind : std::uint8_t { basic = 0, x509 = 1 };

struct client_credential {
  client_kind kind = client_kind::basic;
  uuid id;
  std::string username;      ///< basic only
  std::string issuer;        ///< x509 only: the canonical form (distinguished_name.hpp)
  std::string serial_number; ///< x509 only: decimal digits without leading zeros
  std::string client_id;
  credential_status status = credential_status::inactive;
  timestamp created_at{};
  std::optional<timestamp> updated_at;   ///< last change of status or password
  std::optional<timestamp> last_used_at; ///< written at most once a minute, so not exact (use_recorder.hpp)

  friend bool operator==(const client_credential&, const client_credential&) = default;
};

} // namespace cm::core
