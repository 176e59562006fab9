#include "core/credentials/token_hash.hpp"

#include "core/base/openssl_handles.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <stdexcept>

namespace cm::core {

namespace {

void require(bool ok, const char* what) {
  if (!ok)
    throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

std::array<std::uint8_t, 4> length_prefix(std::string_view text) noexcept {
  const auto n = static_cast<std::uint32_t>(text.size());
  return {static_cast<std::uint8_t>(n >> 24U), static_cast<std::uint8_t>(n >> 16U), static_cast<std::uint8_t>(n >> 8U),
          static_cast<std::uint8_t>(n)};
}

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

struct token_hasher::state {
  openssl_ptr<EVP_MAC> mac;
  openssl_ptr<EVP_MAC_CTX> mac_context;
  const EVP_MD* digest = nullptr;
  openssl_ptr<EVP_MD_CTX> digest_context;
};

token_hasher::token_hasher(const secret& key) : state_(std::make_unique<state>()) {
  if (key.empty()) {
    state_->digest = sha256();
    state_->digest_context.reset(EVP_MD_CTX_new());
    require(state_->digest_context != nullptr, "no memory for SHA-256");
    return;
  }
  state_->mac.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  require(state_->mac != nullptr, "no HMAC");
  state_->mac_context.reset(EVP_MAC_CTX_new(state_->mac.get()));
  std::string digest_name = "SHA256";
  const std::array<OSSL_PARAM, 2> params{
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), digest_name.size()),
    OSSL_PARAM_construct_end()};
  require(state_->mac_context
            && EVP_MAC_init(state_->mac_context.get(), bytes(key.reveal()), key.reveal().size(), params.data()) == 1,
          "HMAC-SHA-256 set-up");
}

token_hasher::~token_hasher() = default;
token_hasher::token_hasher(token_hasher&&) noexcept = default;
token_hasher& token_hasher::operator=(token_hasher&&) noexcept = default;

token_hash token_hasher::hash(std::string_view application, std::string_view token) {
  token_hash out{};
  const auto prefix = length_prefix(application);
  if (auto* context = state_->mac_context.get()) {
    std::size_t length = 0;
    // A null key resets the context and keeps its key.
    const bool ok = EVP_MAC_init(context, nullptr, 0, nullptr) == 1
                    && EVP_MAC_update(context, prefix.data(), prefix.size()) == 1
                    && EVP_MAC_update(context, bytes(application), application.size()) == 1
                    && EVP_MAC_update(context, bytes(token), token.size()) == 1
                    && EVP_MAC_final(context, out.data(), &length, out.size()) == 1 && length == out.size();
    require(ok, "HMAC-SHA-256");
    return out;
  }
  auto* context = state_->digest_context.get();
  unsigned int length = 0;
  const bool ok = EVP_DigestInit_ex2(context, state_->digest, nullptr) == 1
                  && EVP_DigestUpdate(context, prefix.data(), prefix.size()) == 1
                  && EVP_DigestUpdate(context, application.data(), application.size()) == 1
                  && EVP_DigestUpdate(context, token.data(), token.size()) == 1
                  && EVP_DigestFinal_ex(context, out.data(), &length) == 1 && length == out.size();
  require(ok, "SHA-256");
  return out;
}

token_hash key_fingerprint(const secret& key) {
  return token_hasher(key).hash("", "kaa.cm.token-hash-key");
}

} // namespace cm::core
