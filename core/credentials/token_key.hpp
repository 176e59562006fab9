// The key of a token in in-memory tables: a keyed digest, so that CM does not keep token values in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cm::core {

/// SipHash-2-4 with 128 bits of output over application and token. Under a secret key it is a pseudorandom function
/// (Aumasson, Bernstein: SipHash, 2012): collisions neither happen in practice nor can be constructed. Equal keys
/// therefore mean equal tokens, and tables need not store the token.
struct token_key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend bool operator==(const token_key&, const token_key&) = default;
};

/// Computes token keys under one random secret; keys of different keyers are not comparable. Immutable and thread-safe.
class token_keyer {
public:
  /// Generates the random secret.
  token_keyer();
  ~token_keyer();
  token_keyer(const token_keyer&) = delete;
  token_keyer& operator=(const token_keyer&) = delete;

  /// Deterministic; does not allocate. Inputs longer than CM stores (max_identifier_length, max_token_length) all get
  /// the same key, which no stored token has.
  [[nodiscard]] token_key operator()(std::string_view application, std::string_view token) const noexcept;

private:
  std::array<unsigned char, 16> secret_{};
};

} // namespace cm::core

template <>
struct std::hash<cm::core::token_key> {
  std::size_t operator()(const cm::core::token_key& key) const noexcept { return key.first; }
};
