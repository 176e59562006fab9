// The changes of state that the contract allows, for tokens and clients alike.
#pragma once

#include "core/credentials/credential.hpp"

#include <array>
#include <string>
#include <string_view>

namespace cm::test {

inline constexpr std::array<core::credential_status, 4> all_states{
  core::credential_status::inactive, core::credential_status::active, core::credential_status::suspended,
  core::credential_status::revoked};

/// The transitions of contract section 2: 'y' allowed, 'n' not allowed, '-' no change. Rows: from; columns: to.
inline constexpr std::array<std::string_view, 4> contract{"-yyy", "n-yy", "ny-y", "nnn-"};

/// The state as a column of the database shows it.
inline std::string digit(core::credential_status status) {
  return std::to_string(static_cast<int>(status));
}

} // namespace cm::test
