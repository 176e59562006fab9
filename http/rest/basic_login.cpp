#include "http/rest/basic_login.hpp"

#include "core/base/text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <optional>
#include <string>

namespace cm::http {

namespace {

constexpr std::string_view scheme = "Basic ";
constexpr std::size_t max_length = 1024; // characters of base64; longer than any valid credentials

// Base64 with padding (RFC 4648 section 4).
std::optional<std::string> decode(std::string_view text) {
  if (text.empty() || text.size() > max_length || text.size() % 4 != 0)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(out.data());                // NOLINT: text as bytes
  const auto* const from = reinterpret_cast<const unsigned char*>(text.data()); // NOLINT: likewise
  const int size = EVP_DecodeBlock(to, from, static_cast<int>(text.size()));
  if (size < 0) {
    core::wipe(out);
    return std::nullopt;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with("=") ? 1 : 0);
  out.resize(out.size() - padding);
  return out;
}

using digest = std::array<unsigned char, 32>;

bool hash(std::string_view text, digest& out) noexcept {
  unsigned int size = 0;
  return EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr) == 1 && size == out.size();
}

} // namespace

bool shows_login(const request_head& request, std::string_view user, const core::secret& password) {
  const auto shown = request.header("Authorization");
  if (!shown || request.header_count("Authorization") != 1 || shown->size() < scheme.size()
      || !core::equals_ignoring_case(shown->substr(0, scheme.size()), scheme))
    return false;
  auto given = decode(shown->substr(scheme.size()));
  if (!given)
    return false;
  std::string wanted{user};
  wanted.append(":").append(password.reveal());
  digest left{};
  digest right{};
  const bool hashed = hash(*given, left) && hash(wanted, right);
  core::wipe(*given);
  core::wipe(wanted);
  return hashed && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

} // namespace cm::http
