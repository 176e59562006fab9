// How a token is named in memory: by a keyed digest, so that its value stays nowhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cm::core {

/// SipHash-2-4 with 128 bits of output over application and token. Under a key that nobody knows it is a pseudorandom
/// function (Aumasson, Bernstein: SipHash, 2012): two tokens with the same digest are not to be expected, nor to be
/// made. It stands for the token itself, which therefore need not be kept.
struct token_key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend bool operator==(const token_key&, const token_key&) = default;
};

/// Makes the keys of one process. Thread-safe: it never changes.
class token_keyer {
public:
  /// With a random key of its own.
  token_keyer();
  ~token_keyer();
  token_keyer(const token_keyer&) = delete;
  token_keyer& operator=(const token_keyer&) = delete;

  /// Same application and token, same key. Without allocation for what is no longer than CM stores
  /// (max_identifier_length and max_token_length); anything longer gets a key that equals no token's.
  [[nodiscard]] token_key operator()(std::string_view application, std::string_view token) const noexcept;

private:
  std::array<unsigned char, 16> secret_{};
};

} // namespace cm::core

template <>
struct std::hash<cm::core::token_key> {
  std::size_t operator()(const cm::core::token_key& key) const noexcept { return key.first; }
};
