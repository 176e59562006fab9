// One operation that took credentials away from their users: what the events of contract 4.2 and the catch-up of
// `/revocations` tell.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cm::core {

/// Stored as the number: never renumber.
enum class revoked_kind : std::uint8_t { endpoint_tokens = 0, basic = 1, x509 = 2 };

struct revocation {
  std::uint64_t sequence = 0; ///< rises in the order in which `/revocations` shows them; a row keeps its number
  revoked_kind kind = revoked_kind::endpoint_tokens;
  std::string application;             ///< endpoint tokens only
  std::string endpoint_id;             ///< endpoint tokens only
  std::vector<uuid> ids;               ///< all tokens of one (application, endpoint); exactly one client credential
  std::optional<credential_status> to; ///< Suspended or Revoked; nothing: deleted
  std::string correlation_id;          ///< of the request that did it; the event carries it
  timestamp at{};

  friend bool operator==(const revocation&, const revocation&) = default;
};

} // namespace cm::core
