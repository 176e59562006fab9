#include "core/credentials/token_key.hpp"

#include "core/base/identifiers.hpp"

#include <sodium.h>

#include <cstring>

namespace cm::core {

static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16 && crypto_shorthash_siphashx24_BYTES == sizeof(token_key));

token_keyer::token_keyer() {
  randombytes_buf(secret_.data(), secret_.size());
}

token_keyer::~token_keyer() {
  sodium_memzero(secret_.data(), secret_.size());
}

token_key token_keyer::operator()(std::string_view application, std::string_view token) const noexcept {
  // The length prefix distinguishes ("ab","c") from ("a","bc"). Inputs that are too long hash the empty text, which no
  // token does, because every text starts with its length prefix.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): zeroing 511 bytes on each request would be wasted
  std::array<unsigned char, 1 + max_identifier_length + max_token_length> text;
  std::size_t length = 0;
  if (application.size() <= max_identifier_length && token.size() <= max_token_length) {
    text[0] = static_cast<unsigned char>(application.size());
    if (!application.empty())
      std::memcpy(text.data() + 1, application.data(), application.size());
    if (!token.empty())
      std::memcpy(text.data() + 1 + application.size(), token.data(), token.size());
    length = 1 + application.size() + token.size();
  }
  std::array<unsigned char, sizeof(token_key)> digest{};
  crypto_shorthash_siphashx24(digest.data(), text.data(), length, secret_.data());
  token_key out;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

} // namespace cm::core
