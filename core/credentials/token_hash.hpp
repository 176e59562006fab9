// The keyed hash under which CM stores an endpoint token (contract 6.2).
#pragma once

#include "core/base/secret.hpp"
#include "core/credentials/token.hpp"

#include <memory>
#include <string_view>

namespace cm::core {

/// HMAC-SHA-256 (RFC 2104) over the length-prefixed application and the token; plain SHA-256 if there is no key. Reuses
/// its OpenSSL context, which is about five times as fast as the one-shot call. Not thread-safe: every owner has its
/// own. Functions throw std::runtime_error if OpenSSL fails.
class token_hasher {
public:
  /// @param key empty: plain SHA-256
  explicit token_hasher(const secret& key);
  ~token_hasher();
  token_hasher(token_hasher&&) noexcept;
  token_hasher& operator=(token_hasher&&) noexcept;
  token_hasher(const token_hasher&) = delete;
  token_hasher& operator=(const token_hasher&) = delete;

  /// Deterministic. The length prefix distinguishes ("ab","c") from ("a","bc").
  [[nodiscard]] token_hash hash(std::string_view application, std::string_view token);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A fingerprint by which processes check that they use the same key, without exchanging the key. It is the hash of a
/// fixed text in the application "", which no token can have. A short key can be found from it by brute force, as from
/// the hash of any known token.
[[nodiscard]] token_hash key_fingerprint(const secret& key);

} // namespace cm::core
