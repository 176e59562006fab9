// Owning pointers to OpenSSL's objects, and algorithms that are looked up once.
//
// A module that includes this header links OpenSSL::Crypto. Objects of libssl (SSL, SSL_CTX) are not here, because few
// modules link it.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace cm::core {

struct openssl_free {
  void operator()(BIO* p) const noexcept { BIO_free(p); }

  void operator()(BIGNUM* p) const noexcept { BN_free(p); }

  void operator()(EVP_ENCODE_CTX* p) const noexcept { EVP_ENCODE_CTX_free(p); }

  void operator()(EVP_MAC* p) const noexcept { EVP_MAC_free(p); }

  void operator()(EVP_MAC_CTX* p) const noexcept { EVP_MAC_CTX_free(p); }

  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }

  /// Wipes the key when it frees the last reference.
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }

  void operator()(PKCS12* p) const noexcept { PKCS12_free(p); }

  void operator()(X509* p) const noexcept { X509_free(p); }

  /// Frees the stack only, not its elements.
  void operator()(STACK_OF(X509) * p) const noexcept { sk_X509_free(p); }

  void operator()(X509_STORE* p) const noexcept { X509_STORE_free(p); }

  void operator()(X509_STORE_CTX* p) const noexcept { X509_STORE_CTX_free(p); }

  void operator()(OSSL_LIB_CTX* p) const noexcept { OSSL_LIB_CTX_free(p); }

  void operator()(OSSL_PROVIDER* p) const noexcept { OSSL_PROVIDER_unload(p); }

  /// Text and bytes that OpenSSL allocated.
  void operator()(char* p) const noexcept { OPENSSL_free(p); }

  void operator()(unsigned char* p) const noexcept { OPENSSL_free(p); }
};

/// Owns an object of OpenSSL, and frees it as its type requires.
template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_free>;

/// SHA-256, fetched on the first call: a fetch takes longer than hashing a few bytes. Never freed, because threads may
/// still hash while static objects are destroyed. Thread-safe.
/// @throws std::runtime_error if OpenSSL does not provide it; the next call tries again
[[nodiscard]] const EVP_MD* sha256();

} // namespace cm::core
