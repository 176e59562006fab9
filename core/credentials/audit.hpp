// One record of a credential's audit trail: who changed it, when and how.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/credential.hpp"

#include <optional>
#include <string>

namespace cm::core {

struct audit_record {
  timestamp at{};
  std::optional<credential_status> from; ///< empty: it was created
  std::optional<credential_status> to;   ///< empty: it was deleted; equal to `from`: its password was changed
  channel how = channel::rest;
  std::string actor; ///< empty if unknown
  std::string correlation_id;

  friend bool operator==(const audit_record&, const audit_record&) = default;
};

} // namespace cm::core
