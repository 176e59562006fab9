// A key and a certificate that it has signed itself, in files.
#pragma once

#include "catch.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

namespace cm::test {

/// Writes both files to a new directory, and removes it in the destructor.
class self_signed {
public:
  /// @param names as in openssl.cnf: "DNS:localhost"
  explicit self_signed(const char* names) {
    std::string path = std::filesystem::temp_directory_path() / "cm-self-signed-XXXXXX";
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    directory_ = path;
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), &X509_free);
    constexpr long day = 24L * 60 * 60;
    X509_set_version(x509.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -day);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), day);
    X509_set_pubkey(x509.get(), key.get());
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names), &X509_EXTENSION_free);
    REQUIRE(X509_add_ext(x509.get(), extension.get(), -1) == 1);
    REQUIRE(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0);
    write(certificate(), [&](std::FILE* to) { return PEM_write_X509(to, x509.get()); });
    write(this->key(),
          [&](std::FILE* to) { return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

  self_signed(const self_signed&) = delete;
  self_signed& operator=(const self_signed&) = delete;

  ~self_signed() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string certificate() const { return directory_ / "certificate.pem"; }

  [[nodiscard]] std::string key() const { return directory_ / "key.pem"; }

private:
  template <class Put>
  static void write(const std::string& path, Put put) {
    auto* file = std::fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    CHECK(put(file) == 1);
    REQUIRE(std::fclose(file) == 0);
  }

  std::filesystem::path directory_;
};

} // namespace cm::test
