#include "core/password_hash.hpp"

#include "core/token_generator.hpp"

#include <sodium.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace cm::core {

namespace {

// Contract 6.2.
constexpr unsigned passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::string_view argon2id_prefix = crypto_pwhash_argon2id_STRPREFIX;

/// libsodium's own check of whether it was called before is safe in any thread.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready)
    throw std::runtime_error("libsodium cannot be used");
}

struct argon2_cost {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
};

/// The number behind `name` in a list like "m=19456,t=2,p=1".
std::optional<std::uint32_t> parameter(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (!one.starts_with(name))
      continue;
    const auto digits = one.substr(name.size());
    std::uint32_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec == std::errc{} && end == digits.data() + digits.size())
      return value;
    return std::nullopt;
  }
  return std::nullopt;
}

/// Of "$argon2id$v=19$m=19456,t=2,p=1$salt$hash"; nothing for anything else.
std::optional<argon2_cost> cost_of(std::string_view phc) {
  constexpr std::string_view version = "v=19$"; // 1.3, the only one that libsodium makes
  if (phc.size() >= crypto_pwhash_STRBYTES || !phc.starts_with(argon2id_prefix))
    return std::nullopt;
  phc.remove_prefix(argon2id_prefix.size());
  if (!phc.starts_with(version))
    return std::nullopt;
  phc.remove_prefix(version.size());
  const auto list = phc.substr(0, phc.find('$'));
  const auto memory = parameter(list, "m=");
  const auto rounds = parameter(list, "t=");
  if (!memory || !rounds)
    return std::nullopt;
  return argon2_cost{*memory, *rounds};
}

} // namespace

expected<secret> hash_password(const secret& password) {
  require_sodium();
  if (password.empty())
    return make_error(errc::invalid, "a password cannot be empty");
  if (password.reveal().size() > max_password_length)
    return make_error(errc::invalid, "a password has at most 1024 bytes");
  std::array<char, crypto_pwhash_STRBYTES> phc{};
  if (crypto_pwhash_str_alg(phc.data(), password.c_str(), password.reveal().size(), passes,
                            std::size_t{memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13)
      != 0)
    return make_error(errc::overloaded, "Service Unavailable", "no memory to hash a password");
  secret result{std::string(phc.data())};
  sodium_memzero(phc.data(), phc.size());
  return result;
}

bool verify_password(const secret& phc, const secret& password) {
  require_sodium();
  // The library reads up to a zero byte, and takes no string that is longer.
  if (phc.reveal().size() >= crypto_pwhash_STRBYTES)
    return false;
  errno = 0;
  if (crypto_pwhash_str_verify(phc.c_str(), password.c_str(), password.reveal().size()) == 0)
    return true;
  // The library says no more than "no"; a healthy device must not be refused because memory is short.
  if (errno == ENOMEM)
    throw std::bad_alloc();
  return false;
}

bool needs_rehash(const secret& phc) {
  const auto cost = cost_of(phc.reveal());
  return !cost || cost->memory_kib < memory_kib || cost->passes < passes;
}

const secret& decoy_hash() {
  static const secret decoy = [] {
    auto phc = hash_password(generate_password());
    if (!phc)
      throw std::runtime_error("the hash for unknown users cannot be made: " + phc.error().detail);
    return *std::move(phc);
  }();
  return decoy;
}

secret generate_password(std::size_t length) {
  require_sodium();
  return generate_token(length);
}

} // namespace cm::core
