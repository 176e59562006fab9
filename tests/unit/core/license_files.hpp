// Creates license files for tests with OpenSSL's API.
#pragma once

#include "core/base/time.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace license_files {

inline void require(bool ok, const char* what) {
  if (!ok)
    throw std::runtime_error(std::string{"OpenSSL failed: "} + what);
}

inline std::shared_ptr<EVP_PKEY> ec_key() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

inline std::shared_ptr<EVP_PKEY> rsa_key() {
  return {EVP_RSA_gen(2048), &EVP_PKEY_free};
}

using certificate = std::shared_ptr<X509>;

struct identity {
  certificate cert;
  std::shared_ptr<EVP_PKEY> key;
};

struct wish {
  std::string common_name = "CM test";
  cm::core::timestamp begin;
  cm::core::timestamp end;
  bool authority = false;
  long serial = 4711;
};

inline void set_time(ASN1_TIME* target, cm::core::timestamp at) {
  require(ASN1_TIME_set(target, static_cast<std::time_t>(cm::core::to_unix_ms(at) / 1000)) != nullptr, "time");
}

/// Creates a certificate that `issuer` signs; self-signed if `issuer` is null.
inline identity make(const wish& w, const identity* issuer, std::shared_ptr<EVP_PKEY> key = ec_key()) {
  const certificate cert{X509_new(), &X509_free};
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), w.serial);
  set_time(X509_getm_notBefore(cert.get()), w.begin);
  set_time(X509_getm_notAfter(cert.get()), w.end);
  auto* name = X509_get_subject_name(cert.get());
  const auto add = [&](const char* field, const std::string& value) {
    require(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), -1, 0)
              == 1,
            "name");
  };
  add("O", "Example");
  add("CN", w.common_name);
  X509_set_issuer_name(cert.get(), issuer != nullptr ? X509_get_subject_name(issuer->cert.get()) : name);
  X509_set_pubkey(cert.get(), key.get());
  // Key identifiers distinguish authorities with the same name (RFC 5280 section 4.2.1.1).
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer != nullptr ? issuer->cert.get() : cert.get(), cert.get(), nullptr, nullptr, 0);
  const auto extend = [&](int kind, const char* value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    require(extension != nullptr && X509_add_ext(cert.get(), extension, -1) == 1, "extension");
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, w.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(NID_subject_key_identifier, "hash");
  extend(NID_authority_key_identifier, "keyid:always");
  require(X509_sign(cert.get(), issuer != nullptr ? issuer->key.get() : key.get(), EVP_sha256()) > 0, "signature");
  return {cert, std::move(key)};
}

struct pack {
  const EVP_PKEY* key = nullptr;
  const X509* cert = nullptr;        ///< belongs to the key
  std::vector<certificate> others{}; // NOLINT(readability-redundant-member-init): GCC warns of its absence
  std::string password = "opened by tests";
  int key_cipher = NID_aes_256_cbc;
  int certificate_cipher = NID_aes_256_cbc;
  int mac_iterations = 1; ///< -1: no MAC
  OSSL_LIB_CTX* library = nullptr;
};

/// The bytes of a PKCS #12 file. Unlike PKCS12_create(), does not check that key and certificate belong together.
inline std::string pkcs12(const pack& p) {
  STACK_OF(PKCS7)* safes = nullptr;
  STACK_OF(PKCS12_SAFEBAG)* bags = nullptr;
  const auto add = [&](const X509* cert) {
    require(PKCS12_add_cert(&bags, const_cast<X509*>(cert)) != nullptr, "bag"); // NOLINT: only reads it
  };
  if (p.cert != nullptr)
    add(p.cert);
  for (const auto& cert : p.others)
    add(cert.get());
  if (bags != nullptr)
    require(PKCS12_add_safe_ex(&safes, bags, p.certificate_cipher, 1, p.password.c_str(), p.library, nullptr) == 1,
            "certificates");
  sk_PKCS12_SAFEBAG_pop_free(bags, &PKCS12_SAFEBAG_free);
  bags = nullptr;
  if (p.key != nullptr) {
    require(PKCS12_add_key_ex(&bags, const_cast<EVP_PKEY*>(p.key), 0, 1, // NOLINT: only reads it
                              p.key_cipher, p.password.c_str(), p.library, nullptr)
              != nullptr,
            "key");
    require(PKCS12_add_safe_ex(&safes, bags, -1, 0, nullptr, p.library, nullptr) == 1, "key's bag");
    sk_PKCS12_SAFEBAG_pop_free(bags, &PKCS12_SAFEBAG_free);
  }
  const std::shared_ptr<PKCS12> file{PKCS12_add_safes_ex(safes, 0, p.library, nullptr), &PKCS12_free};
  sk_PKCS7_pop_free(safes, &PKCS7_free);
  require(file != nullptr, "file");
  if (p.mac_iterations != -1)
    require(PKCS12_set_mac(file.get(), p.password.c_str(), -1, nullptr, 0, p.mac_iterations, EVP_sha256()) == 1, "MAC");
  unsigned char* der = nullptr;
  const int length = i2d_PKCS12(file.get(), &der);
  require(length > 0, "encoding");
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return bytes;
}

inline std::string pem(const std::vector<certificate>& certificates) {
  const std::shared_ptr<BIO> out{BIO_new(BIO_s_mem()), &BIO_free};
  for (const auto& cert : certificates)
    require(PEM_write_bio_X509(out.get(), cert.get()) == 1, "PEM");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

/// A temporary directory; the destructor removes it.
class directory {
public:
  directory() {
    std::string name = (std::filesystem::temp_directory_path() / "cm-test-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
  }

  ~directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream out{path_ / name, std::ios::binary | std::ios::trunc};
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    require(out.good(), "write");
    return path(name);
  }

private:
  std::filesystem::path path_;
};

} // namespace license_files
