#include "core/credentials/token_generator.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cm::core {

secret generate_token(std::size_t length) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static_assert(alphabet.size() == 62);
  if (length < min_generated_token_length || length > max_generated_token_length)
    throw std::invalid_argument("a generated token has 8 to 255 characters, not " + std::to_string(length));

  std::string text;
  text.reserve(length); // a reallocation would leave a copy in freed memory
  std::array<std::uint8_t, 64> random{};
  while (text.size() < length) {
    randombytes_buf(random.data(), random.size());
    for (const auto byte : random) {
      // Rejection sampling: six bits have 64 values; taking them modulo 62 would favour two characters.
      const std::size_t value = byte & 0x3fU;
      if (value < alphabet.size() && text.size() < length)
        text.push_back(alphabet[value]);
    }
  }
  sodium_memzero(random.data(), random.size());
  return secret{std::move(text)};
}

} // namespace cm::core
