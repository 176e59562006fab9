// The database's record of the key under which its tokens are stored (contract 6.2).
#pragma once

#include "core/credentials/token.hpp"
#include "storage/schema/hash_key_commands.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/connection.hpp"

#include <chrono>

namespace cm::storage {

/// For so long after it was confirmed a record stays, although there are no tokens: a process with that key may be
/// alive and about to store some. By the clock of the database.
inline constexpr std::chrono::milliseconds hash_key_lease{15'000};

/// For so long a session relies on a look at the record. Processes confirm it every 3 s, and a process that was frozen
/// finds its transactions ended by the server (idle_transaction_timeout, 10 s by default) before hash_key_lease is
/// over.
inline constexpr std::chrono::milliseconds hash_key_trust{2'000};

/// Whether the tokens of this database are stored under the key with that fingerprint (core::key_fingerprint). A
/// database without a record gets this one; so does one without tokens whose record was not confirmed within
/// hash_key_lease, since nothing depends on that key any more. One SELECT where the record agrees and there are tokens.
/// @param db with the current schema, writable
[[nodiscard]] outcome<bool> hash_key_agrees(connection& db, const core::token_hash& fingerprint);

/// As the functions of token_repository.hpp.
[[nodiscard]] outcome<kept_hash_key> apply(connection& db, const keep_hash_key& request, const attempt& how);

} // namespace cm::storage
