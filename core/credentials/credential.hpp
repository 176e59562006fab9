// The states of a credential and the transitions between them (contract section 2): one table for every channel.
#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cm::core {

/// Stored as the number: never renumber.
enum class credential_status : std::uint8_t {
  inactive = 0,  ///< new, never used, valid
  active = 1,    ///< used at least once, valid
  suspended = 2, ///< temporarily refused
  revoked = 3,   ///< refused for ever
};

inline constexpr std::size_t credential_status_count = 4;

/// The spelling of REST and ECAP: "Inactive", "Active", "Suspended", "Revoked".
[[nodiscard]] std::string_view to_string(credential_status status) noexcept;

/// Exact spelling only (the platform's enumeration is case-sensitive).
[[nodiscard]] std::optional<credential_status> parse_credential_status(std::string_view text) noexcept;

/// Inactive and Active let a device in; the others do not.
[[nodiscard]] constexpr bool valid_for_use(credential_status status) noexcept {
  return status == credential_status::inactive || status == credential_status::active;
}

/// What a request for a state means for a credential that has one.
enum class transition : std::uint8_t {
  unchanged, ///< it has that state already: success, nothing written, no event
  allowed,   ///< one conditional write
  forbidden, ///< 409
};

[[nodiscard]] transition check_transition(credential_status from, credential_status to) noexcept;

/// True when the change takes a credential away from its user, so that the revoked event goes out (contract 4.2).
[[nodiscard]] constexpr bool takes_away(credential_status from, credential_status to) noexcept {
  return valid_for_use(from) && !valid_for_use(to);
}

/// How a change came in, for the audit trail. Stored as the number: never renumber.
enum class channel : std::uint8_t { rest = 0, ecap = 1, elce = 2, import = 3 };

[[nodiscard]] std::string_view to_string(channel how) noexcept;

} // namespace cm::core
