// Passwords of clients: Argon2id, and the work that is the same for users that are not there (contract 6.2).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include <cstddef>

namespace cm::core {

/// Longest password that is hashed, in bytes.
inline constexpr std::size_t max_password_length = 1024;

inline constexpr std::size_t default_password_length = 24;

/// Argon2id with 19 MiB and 2 passes as a PHC string ($argon2id$v=19$m=19456,t=2,p=1$salt$hash). Takes tens of
/// milliseconds and 19 MiB: for the password pool only. Any thread.
/// @return errc::invalid for an empty password or one beyond max_password_length; errc::unavailable where there is no
///   memory for it
[[nodiscard]] expected<secret> hash_password(const secret& password);

/// Whether the password is the one of the PHC string; false too for a string that is none. Throws std::bad_alloc where
/// there is no memory to find out. Costs what the parameters in the string ask for, whatever the password is.
/// Comparison in constant time. Any thread.
[[nodiscard]] bool verify_password(const secret& phc, const secret& password);

/// Whether the string was made with less memory or fewer passes than hash_password() takes now, or is no Argon2id PHC
/// string. Stronger ones are left as they are.
[[nodiscard]] bool needs_rehash(const secret& phc);

/// The PHC string of a random password that nobody knows, with the present parameters: what an unknown username is
/// checked against. Made at the first call, which so takes as long as hash_password(): call it once before the first
/// user comes. Any thread.
[[nodiscard]] const secret& decoy_hash();

/// `length` characters of A-Za-z0-9 as generate_token() makes them. @param length 8 to 255
[[nodiscard]] secret generate_password(std::size_t length = default_password_length);

} // namespace cm::core
