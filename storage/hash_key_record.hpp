// The database's record of the key under which its tokens are stored (contract 6.2).
#pragma once

#include "core/token.hpp"
#include "storage/connection.hpp"

namespace cm::storage {

/// Whether the tokens of this database are stored under the key with that fingerprint (core::key_fingerprint). A
/// database without a record gets this one, and so does one without tokens, where nothing depends on the key yet. One
/// SELECT where the record agrees.
/// @param db with the current schema, writable
[[nodiscard]] outcome<bool> hash_key_agrees(connection& db, const core::token_hash& fingerprint);

} // namespace cm::storage
