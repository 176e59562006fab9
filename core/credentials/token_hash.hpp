// The one-way form of an endpoint token (contract 6.2).
#pragma once

#include "core/base/secret.hpp"
#include "core/credentials/token.hpp"

#include <memory>
#include <string_view>

namespace cm::core {

/// HMAC-SHA-256 (RFC 2104) over the length-prefixed application and the token; plain SHA-256 where there is no key.
/// Keeps its context, which makes it about five times as fast as the one-shot call; not thread-safe: every owner has
/// its own.
class token_hasher {
public:
  /// @param key empty for plain SHA-256.
  explicit token_hasher(const secret& key);
  ~token_hasher();
  token_hasher(token_hasher&&) noexcept;
  token_hasher& operator=(token_hasher&&) noexcept;
  token_hasher(const token_hasher&) = delete;
  token_hasher& operator=(const token_hasher&) = delete;

  /// Same application and token, same hash; the length prefix keeps ("ab","c") and ("a","bc") apart.
  [[nodiscard]] token_hash hash(std::string_view application, std::string_view token);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// What says whether two processes have the same key without saying what it is: the hash of a text that is no token,
/// since no application has an empty name. A short key can be found by trying, as from the hash of any token that is
/// known.
[[nodiscard]] token_hash key_fingerprint(const secret& key);

} // namespace cm::core
