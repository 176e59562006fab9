// The database's record of the key that hashes its tokens (contract section 6.2).
#pragma once

#include "core/credentials/token.hpp"
#include "storage/schema/hash_key_commands.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"

#include <chrono>

namespace cm::storage {

/// Lease of a record in a database without tokens: within this time after its last confirmation it is not replaced,
/// because a process with that key may be about to store tokens. Measured by the database's clock.
inline constexpr std::chrono::milliseconds hash_key_lease{15'000};

/// How long a session relies on its last check of the record. This is safe: processes confirm the record every 3 s, and
/// the server ends the transactions of a frozen process (idle_transaction_timeout, 10 s by default) before
/// hash_key_lease expires.
inline constexpr std::chrono::milliseconds hash_key_trust{2'000};

/// Whether the tokens of this database are hashed with the key that has this fingerprint (core::key_fingerprint).
/// Records the fingerprint if the database has no record, or if it has no tokens and its record was not confirmed
/// within hash_key_lease (nothing depends on that key then). In the usual case (same key, tokens exist) this is one
/// SELECT.
/// @param db must be writable and have the current schema
[[nodiscard]] outcome<bool> hash_key_agrees(connection& db, const core::token_hash& fingerprint);

/// As for the functions of token_repository.hpp.
[[nodiscard]] outcome<kept_hash_key> apply(connection& db, const keep_hash_key& request, const attempt& how);

} // namespace cm::storage
