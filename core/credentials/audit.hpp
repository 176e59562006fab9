// One line of a credential's history: who changed it, when, how.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/credential.hpp"

#include <optional>
#include <string>

namespace cm::core {

struct audit_record {
  timestamp at{};
  std::optional<credential_status> from; ///< nothing: it was created
  std::optional<credential_status> to;   ///< nothing: it was deleted; the same as `from`: its password was changed
  channel how = channel::rest;
  std::string actor; ///< empty where nobody is known
  std::string correlation_id;

  friend bool operator==(const audit_record&, const audit_record&) = default;
};

} // namespace cm::core
