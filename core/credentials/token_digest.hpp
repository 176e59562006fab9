// A digest of all tokens of an endpoint, for the ETag of the token list and the check of If-Match (contract 5).
#pragma once

#include "core/credentials/token.hpp"

#include <cstdint>

namespace cm::core {

/// The number of tokens of an endpoint, and a 128-bit digest of their IDs, states and times of change. Equal digests
/// mean equal tokens in this respect, in any order. The database computes the same value in SQL over rows that CM does
/// not fetch (storage/tokens/token_digest.hpp): change both together.
///
/// XOR of hashes is not collision-resistant if an attacker chooses the hashed values; here CM chooses them.
struct token_digest {
  std::uint64_t count = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  /// Adds one token: XOR with the first 16 bytes of the SHA-256 of "ID/status/updated_at". The ID is 16 raw bytes, the
  /// status a decimal number, updated_at decimal Unix milliseconds or empty.
  /// @throws std::runtime_error if OpenSSL provides no SHA-256
  void add(const uuid& id, credential_status status, const std::optional<timestamp>& updated_at);

  void add(const endpoint_token& token) { add(token.id, token.status, token.updated_at); }

  friend bool operator==(const token_digest&, const token_digest&) = default;
};

} // namespace cm::core
