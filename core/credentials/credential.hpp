// The states of a credential and the transitions between them (contract section 2), the same for all channels.
#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cm::core {

/// The database stores the numbers: never change them.
enum class credential_status : std::uint8_t {
  inactive = 0,  ///< new, never used, valid
  active = 1,    ///< used at least once, valid
  suspended = 2, ///< temporarily refused
  revoked = 3,   ///< permanently refused
  unknown = 255, ///< read from a damaged row: not valid for use, no transition from or to it, and never stored in one
};

/// Number of the statuses that a credential can have; `unknown` is none of them.
inline constexpr std::size_t credential_status_count = 4;

/// The name in REST and ECAP: "Inactive", "Active", "Suspended", "Revoked"; "Unknown" for a damaged row.
[[nodiscard]] std::string_view to_string(credential_status status) noexcept;

/// Case-sensitive, like the platform's enumeration.
[[nodiscard]] std::optional<credential_status> parse_credential_status(std::string_view text) noexcept;

/// Whether a credential with this status authenticates its user: Inactive and Active do.
[[nodiscard]] constexpr bool valid_for_use(credential_status status) noexcept {
  return status == credential_status::inactive || status == credential_status::active;
}

/// The error of a request that needs the status of a damaged row: errc::unavailable. CM cannot tell whether to admit.
[[nodiscard]] error unknown_status_error();

/// The effect of a requested state change.
enum class transition : std::uint8_t {
  unchanged, ///< the credential already has that state: success, no write, no event
  allowed,   ///< carried out by one conditional write
  forbidden, ///< 409
};

[[nodiscard]] transition check_transition(credential_status from, credential_status to) noexcept;

/// Whether the change makes a valid credential invalid (Suspended or Revoked), so that CM publishes a revoked event
/// (contract 4.2).
[[nodiscard]] constexpr bool revokes(credential_status from, credential_status to) noexcept {
  return valid_for_use(from) && !valid_for_use(to);
}

/// The interface through which a change was requested, for the audit trail. The database stores the numbers: never
/// change them.
enum class channel : std::uint8_t { rest = 0, ecap = 1, elce = 2, import = 3 };

[[nodiscard]] std::string_view to_string(channel how) noexcept;

} // namespace cm::core
