// Password hashing with Argon2id, and a decoy hash so that unknown usernames cost the same time (contract 6.2).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cm::core {

/// Longest password in bytes.
inline constexpr std::size_t max_password_length = 1024;

/// Whether a validation request with this password is looked up: 1 to max_password_length bytes, none of them zero.
/// The REST API must not store any other password, because no client could use it. Thread-safe.
[[nodiscard]] bool is_client_password(std::string_view text) noexcept;

inline constexpr std::size_t default_password_length = 24;

/// Limits of a stored hash that CM verifies. They leave room for stronger parameters of a later release and of other
/// software (64 MiB with 3 passes is the second recommendation of RFC 9106). Without limits, one row whose hash takes
/// minutes or gigabytes would occupy the password workers. libsodium bounds the length of the text: 127 bytes.
inline constexpr std::uint32_t max_hash_memory_kib = 64 * 1024;
inline constexpr std::uint32_t max_hash_passes = 1024;
inline constexpr std::uint64_t max_hash_work_kib =
  std::uint64_t{256} * 1024; ///< memory times passes; about 7 times that of CM's hashes
inline constexpr std::uint32_t max_hash_lanes = 64;

/// Hashes with Argon2id, 19 MiB and 2 passes; returns a PHC string ($argon2id$v=19$m=19456,t=2,p=1$salt$hash). Takes
/// tens of milliseconds and 19 MiB of memory: call it in the password pool only. Thread-safe.
/// @return errc::invalid for an empty password or one longer than max_password_length; errc::unavailable if memory is
///   short
[[nodiscard]] expected<secret> hash_password(const secret& password);

/// Whether verify_password() can tell if a password is right: the text is an Argon2 PHC string that libsodium accepts,
/// within the limits above. False is a fault of the stored row and says nothing about a password. Cheap. Thread-safe.
[[nodiscard]] bool can_verify(const secret& phc);

/// Whether the password matches the PHC string; false, at no cost, unless can_verify(phc). The cost depends only on the
/// parameters in the string, and the comparison takes constant time. Thread-safe.
/// @throws std::bad_alloc if memory is short, so that a correct password is not reported as wrong
[[nodiscard]] bool verify_password(const secret& phc, const secret& password);

/// Whether the hash uses less memory or fewer passes than hash_password() does now, or is not an Argon2id PHC string.
/// False for stronger hashes. Thread-safe.
[[nodiscard]] bool needs_rehash(const secret& phc);

/// The hash of a random, discarded password with the current parameters. CM verifies against it when the username is
/// unknown, so that the response time does not reveal which usernames exist. The first call computes it and takes as
/// long as hash_password(): call it once at start. Thread-safe.
/// @throws std::runtime_error if memory is short at the first call
[[nodiscard]] const secret& decoy_hash();

/// A random password from generate_token(). @param length 8 to 255
[[nodiscard]] secret generate_password(std::size_t length = default_password_length);

} // namespace cm::core
