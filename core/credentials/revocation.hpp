// One operation that suspended, revoked or deleted valid credentials: the content of the events of contract 4.2 and of
// `GET /revocations`.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cm::core {

/// The database stores the numbers: never change them.
enum class revoked_kind : std::uint8_t { endpoint_tokens = 0, basic = 1, x509 = 2 };

struct revocation {
  std::uint64_t sequence = 0; ///< ascending in the order of `/revocations`; never changes for a row
  revoked_kind kind = revoked_kind::endpoint_tokens;
  std::string application;             ///< endpoint tokens only
  std::string endpoint_id;             ///< endpoint tokens only
  std::vector<uuid> ids;               ///< tokens of one (application, endpoint), or exactly one client credential
  std::optional<credential_status> to; ///< Suspended or Revoked; empty: deleted
  std::string correlation_id;          ///< of the request that caused it; repeated in the event
  timestamp at{};

  friend bool operator==(const revocation&, const revocation&) = default;
};

} // namespace cm::core
