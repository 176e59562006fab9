#include "core/credentials/password_hash.hpp"

#include "core/base/text.hpp"
#include "core/credentials/token_generator.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/mman.h>

namespace cm::core {

namespace {

// The parameters of contract 6.2.
constexpr unsigned passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::string_view argon2id_prefix = crypto_pwhash_argon2id_STRPREFIX;

/// Initialises libsodium once. sodium_init() is thread-safe and idempotent.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready)
    throw std::runtime_error("libsodium cannot be used");
}

struct argon2_cost {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::optional<std::uint32_t> lanes;
  std::string_view salt_and_hash; ///< "$salt$hash", views of the string
};

/// The value of parameter `name` ("m=") in a list like "m=19456,t=2,p=1".
std::optional<std::uint32_t> parameter(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (!item.starts_with(name))
      continue;
    return parse_number<std::uint32_t>(item.substr(name.size()));
  }
  return std::nullopt;
}

/// Parses the cost parameters of "$argon2id$v=19$m=19456,t=2,p=1$salt$hash"; empty for any other text.
std::optional<argon2_cost> cost_of(std::string_view phc) {
  constexpr std::string_view version = "v=19$"; // Argon2 version 1.3, the only one that libsodium generates
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
  return argon2_cost{*memory, *rounds, parameter(list, "p="), phc.substr(list.size())};
}

/// Decodes unpadded Base64 into `out` and returns the size; empty if `text` is not valid or too long.
template <std::size_t Max>
std::optional<std::size_t> decode_base64(std::string_view text, std::array<unsigned char, Max>& out) {
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, &end,
                        sodium_base64_VARIANT_ORIGINAL_NO_PADDING)
        != 0
      || end != text.data() + text.size())
    return std::nullopt;
  return size;
}

/// The parts of a PHC string in the format of hash_password() with any cost: one lane, a salt of 16 bytes.
struct phc_parts {
  argon2_cost cost;
  std::array<unsigned char, crypto_pwhash_argon2id_SALTBYTES> salt{};
  std::array<unsigned char, crypto_pwhash_STRBYTES> hash{};
  std::size_t hash_size = 0;
};

std::optional<phc_parts> parts_of(std::string_view phc) {
  const auto cost = cost_of(phc);
  if (!cost || cost->lanes != 1U || cost->salt_and_hash.empty())
    return std::nullopt;
  phc_parts parts{*cost, {}, {}, 0};
  // libsodium accepts the parameters in one spelling only: this order, no leading zeros.
  const std::string spelled =
    "m=" + std::to_string(cost->memory_kib) + ",t=" + std::to_string(cost->passes) + ",p=1" + '$';
  const auto text = cost->salt_and_hash.substr(1);
  const auto dollar = text.find('$');
  if (phc.find('$' + spelled) == std::string::npos || dollar == std::string_view::npos)
    return std::nullopt;
  const auto salt_size = decode_base64(text.substr(0, dollar), parts.salt);
  const auto hash_size = decode_base64(text.substr(dollar + 1), parts.hash);
  if (salt_size != parts.salt.size() || !hash_size || *hash_size < crypto_pwhash_argon2id_BYTES_MIN)
    return std::nullopt;
  parts.hash_size = *hash_size;
  return parts;
}

/// Throws std::bad_alloc unless the memory that the Argon2 parameters of the PHC string require can be allocated now.
/// Does nothing if the string has no memory parameter.
void require_memory(std::string_view phc) {
  constexpr std::string_view parameters = "$m=";
  const auto begin = phc.find(parameters);
  if (begin == std::string_view::npos)
    return;
  const auto list = phc.substr(begin + 1);
  const auto memory_needed = parameter(list.substr(0, list.find('$')), "m=");
  if (!memory_needed)
    return;
  const std::size_t size = (std::size_t{*memory_needed} + 1) * 1024;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  munmap(memory, size);
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
    return make_error(errc::unavailable, "Service Unavailable", "no memory to hash a password");
  secret result{std::string(phc.data())};
  sodium_memzero(phc.data(), phc.size());
  return result;
}

bool verify_password(const secret& phc, const secret& password) {
  require_sodium();
  // libsodium reads up to the terminating zero and rejects longer strings.
  if (phc.reveal().size() >= crypto_pwhash_STRBYTES)
    return false;
  // Not with crypto_pwhash_str_verify(): in libsodium 1.0.18 its result for a failed allocation is the same as for a
  // wrong password, including errno EINVAL. CM must not refuse a correct password because memory is short.
  // crypto_pwhash() computes the same hash and fails only if it cannot compute it.
  if (const auto parts = parts_of(phc.reveal())) {
    if (parts->cost.passes < crypto_pwhash_argon2id_OPSLIMIT_MIN
        || parts->cost.memory_kib < crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024
        || password.reveal().size() > crypto_pwhash_argon2id_PASSWD_MAX)
      return false;
    std::array<unsigned char, crypto_pwhash_STRBYTES> computed{};
    if (crypto_pwhash(computed.data(), parts->hash_size, password.c_str(), password.reveal().size(), parts->salt.data(),
                      parts->cost.passes, std::size_t{parts->cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13)
        != 0)
      throw std::bad_alloc();
    const bool matches = sodium_memcmp(computed.data(), parts->hash.data(), parts->hash_size) == 0;
    sodium_memzero(computed.data(), computed.size());
    return matches;
  }
  // A PHC string that CM does not generate, such as one with four lanes: crypto_pwhash() cannot compute it. To tell a
  // wrong password from a failed allocation, check that the memory is available before and after.
  require_memory(phc.reveal());
  if (crypto_pwhash_str_verify(phc.c_str(), password.c_str(), password.reveal().size()) == 0)
    return true;
  require_memory(phc.reveal());
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
