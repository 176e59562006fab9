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
static_assert(memory_kib <= max_hash_memory_kib && std::uint64_t{memory_kib} * passes <= max_hash_work_kib);

/// Initialises libsodium once. sodium_init() is thread-safe and idempotent.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready)
    throw std::runtime_error("libsodium cannot be used");
}

/// The parts of a PHC string as libsodium accepts it: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash", or with argon2i.
struct phc_parts {
  bool argon2id = true;
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  std::array<unsigned char, crypto_pwhash_STRBYTES> salt{};
  std::size_t salt_size = 0;
  std::array<unsigned char, crypto_pwhash_STRBYTES> hash{};
  std::size_t hash_size = 0;
};

/// Removes `prefix` from the front of `text`; returns whether it was present.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Removes a number from the front of `text`. It has one spelling only, without leading zeros, as in libsodium.
bool take_number(std::string_view& text, std::uint32_t& into) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto value = parse_number<std::uint32_t>(digits);
  if (!value || digits != std::to_string(*value))
    return false;
  into = *value;
  text.remove_prefix(digits.size());
  return true;
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

/// Parses a PHC string, whatever its cost; empty for any other text. The order of the parameters is fixed, and only
/// Argon2 version 1.3 is known: libsodium accepts nothing else.
std::optional<phc_parts> parts_of(std::string_view phc) {
  phc_parts parts;
  if (phc.size() >= crypto_pwhash_STRBYTES)
    return std::nullopt;
  parts.argon2id = skip(phc, crypto_pwhash_argon2id_STRPREFIX);
  if (!parts.argon2id && !skip(phc, crypto_pwhash_argon2i_STRPREFIX))
    return std::nullopt;
  if (!skip(phc, "v=19$m=") || !take_number(phc, parts.memory_kib) || !skip(phc, ",t=")
      || !take_number(phc, parts.passes) || !skip(phc, ",p=") || !take_number(phc, parts.lanes) || !skip(phc, "$"))
    return std::nullopt;
  const auto dollar = phc.find('$');
  if (dollar == std::string_view::npos)
    return std::nullopt;
  const auto salt_size = decode_base64(phc.substr(0, dollar), parts.salt);
  const auto hash_size = decode_base64(phc.substr(dollar + 1), parts.hash);
  if (!salt_size || !hash_size)
    return std::nullopt;
  parts.salt_size = *salt_size;
  parts.hash_size = *hash_size;
  return parts;
}

/// Whether the parameters are valid for Argon2, and CM can afford to verify such a hash.
bool is_affordable(const phc_parts& parts) {
  constexpr std::size_t min_salt = 8; // of Argon2 (RFC 9106), like the next two
  constexpr std::uint32_t min_memory_per_lane_kib = 8;
  constexpr std::size_t min_hash = crypto_pwhash_argon2id_BYTES_MIN;
  return parts.passes >= 1 && parts.passes <= max_hash_passes && parts.lanes >= 1 && parts.lanes <= max_hash_lanes
         && parts.memory_kib <= max_hash_memory_kib && parts.memory_kib >= min_memory_per_lane_kib * parts.lanes
         && std::uint64_t{parts.memory_kib} * parts.passes <= max_hash_work_kib && parts.salt_size >= min_salt
         && parts.hash_size >= min_hash;
}

/// Throws std::bad_alloc unless the memory that verifying such a hash requires can be allocated now.
void require_memory(const phc_parts& parts) {
  const std::size_t size = (std::size_t{parts.memory_kib} + 1) * 1024;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  munmap(memory, size);
}

/// Compares a password with a hash that crypto_pwhash() can compute.
bool matches_computed(const phc_parts& parts, const secret& password) {
  std::array<unsigned char, crypto_pwhash_STRBYTES> computed{};
  if (crypto_pwhash(computed.data(), parts.hash_size, password.c_str(), password.reveal().size(), parts.salt.data(),
                    parts.passes, std::size_t{parts.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13)
      != 0)
    throw std::bad_alloc();
  const bool matches = sodium_memcmp(computed.data(), parts.hash.data(), parts.hash_size) == 0;
  sodium_memzero(computed.data(), computed.size());
  return matches;
}

} // namespace

bool is_client_password(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_password_length && text.find('\0') == std::string_view::npos;
}

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

bool can_verify(const secret& phc) {
  require_sodium();
  const auto parts = parts_of(phc.reveal());
  return parts && is_affordable(*parts);
}

bool verify_password(const secret& phc, const secret& password) {
  require_sodium();
  const auto parts = parts_of(phc.reveal());
  if (!parts || !is_affordable(*parts))
    return false;
  // Not with crypto_pwhash_str_verify(): in libsodium 1.0.18 its result for a failed allocation is the same as for a
  // wrong password, including errno EINVAL. CM must not refuse a correct password because memory is short.
  // crypto_pwhash() computes the same hash and fails only if it cannot compute it.
  if (parts->argon2id && parts->lanes == 1 && parts->salt_size == crypto_pwhash_argon2id_SALTBYTES)
    return password.reveal().size() <= crypto_pwhash_argon2id_PASSWD_MAX && matches_computed(*parts, password);
  // A PHC string that CM does not generate, such as one with four lanes: crypto_pwhash() cannot compute it. To tell a
  // wrong password from a failed allocation, check that the memory is available before and after.
  require_memory(*parts);
  if (crypto_pwhash_str_verify(phc.c_str(), password.c_str(), password.reveal().size()) == 0)
    return true;
  require_memory(*parts);
  return false;
}

bool needs_rehash(const secret& phc) {
  require_sodium();
  const auto parts = parts_of(phc.reveal());
  return !parts || !parts->argon2id || parts->memory_kib < memory_kib || parts->passes < passes;
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
