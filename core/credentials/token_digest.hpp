// A digest over all tokens of an endpoint: what the ETag of its list says, and what an If-Match guards (contract 5).
#pragma once

#include "core/credentials/token.hpp"

#include <cstdint>

namespace cm::core {

/// How many tokens an endpoint has, and 128 bits over what an operator can change of them. Equal digests mean the same
/// tokens with the same states and times of change; the order does not matter. The database computes the same value
/// over rows that CM does not read (storage/tokens/token_digest.hpp), so a change here is one there.
///
/// XOR of hashes is no protection against somebody who chooses the hashed values; here CM chooses them.
struct token_digest {
  std::uint64_t count = 0;
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  /// Adds one token: XOR with the first 16 bytes of the SHA-256 of "ID/status/time of change", where the ID is its 16
  /// bytes, the status its number, the time Unix milliseconds or nothing.
  /// @throws std::runtime_error where OpenSSL has no SHA-256
  void add(const uuid& id, credential_status status, const std::optional<timestamp>& updated_at);

  void add(const endpoint_token& token) { add(token.id, token.status, token.updated_at); }

  friend bool operator==(const token_digest&, const token_digest&) = default;
};

} // namespace cm::core
