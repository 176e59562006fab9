#include "core/credentials/token_digest.hpp"

#include "core/base/openssl_handles.hpp"

#include <array>
#include <span>
#include <stdexcept>
#include <string>

namespace cm::core {

namespace {

constexpr std::size_t half_size = sizeof(std::uint64_t);

std::uint64_t big_endian(std::span<const unsigned char, half_size> bytes) noexcept {
  std::uint64_t value = 0;
  for (const auto byte : bytes)
    value = (value << 8U) | byte;
  return value;
}

} // namespace

void token_digest::add(const uuid& id, credential_status status, const std::optional<timestamp>& updated_at) {
  std::string text(id.bytes.begin(), id.bytes.end());
  text.append("/").append(std::to_string(static_cast<unsigned>(status))).append("/");
  if (updated_at)
    text.append(std::to_string(to_unix_ms(*updated_at)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &length, sha256(), nullptr) != 1 || length < 2 * half_size)
    throw std::runtime_error("SHA-256 is not available");
  const std::span<const unsigned char, EVP_MAX_MD_SIZE> bytes{hash};
  high ^= big_endian(bytes.subspan<0, half_size>());
  low ^= big_endian(bytes.subspan<half_size, half_size>());
  ++count;
}

} // namespace cm::core
