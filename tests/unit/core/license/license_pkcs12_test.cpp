#include "license_support.hpp"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace cm::core;
using namespace license_checks;
namespace files = license_files;

TEST_CASE("anything but a PKCS #12 file is `malformed`") {
  const files::directory dir;
  CHECK(failure_of(check_license(settings_for(dir.write("empty.p12", "")), now)).failure == license_failure::malformed);
  const auto leaf = files::make(good_dates(), nullptr);
  const auto good = file_of(leaf);
  for (const auto& garbage : {std::string{"no license"}, std::string(1000, '\0'), std::string(1000, '\xff'),
                              files::pem({leaf.cert}), good.substr(0, good.size() / 2), good.substr(1), "x" + good}) {
    CHECK(failure_of(check_license(garbage, settings_for(), now)).failure == license_failure::malformed);
  }
}

TEST_CASE("a license file with any damaged byte is not accepted as another valid license") {
  const auto leaf = files::make(good_dates(), nullptr);
  const auto good = file_of(leaf);
  const auto right = *check_license(good, settings_for(), now);
  for (std::size_t i = 0; i < good.size(); i += 3) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x41);
    const auto result = check_license(bad, settings_for(), now);
    if (result) { // some bytes only select one of several equivalent encodings
      CHECK(result->subject == right.subject);
      CHECK(result->not_after == right.not_after);
    } else {
      CHECK(ERR_peek_error() == 0);
    }
  }
}

TEST_CASE("a license file without a MAC is opened, and a wrong password for it is told") {
  const auto leaf = files::make(good_dates(), nullptr);
  files::pack p{leaf.key.get(), leaf.cert.get()};
  p.mac_iterations = -1;
  const auto content = files::pkcs12(p);
  CHECK(check_license(content, settings_for(), now).has_value());
  auto s = settings_for();
  s.password = secret{"opened by other tests"};
  CHECK(failure_of(check_license(content, s, now)).failure == license_failure::wrong_password);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a license file with an iteration count that would take hours is `malformed`") {
  const auto leaf = files::make(good_dates(), nullptr);
  files::pack p{leaf.key.get(), leaf.cert.get()};
  p.mac_iterations = 1000;
  auto content = files::pkcs12(p);
  CHECK(check_license(content, settings_for(), now).has_value());
  // The count is the last INTEGER of the file, 02 02 03 e8. The largest value of that length is not large enough, so
  // the file is encoded again.
  const auto* cursor = reinterpret_cast<const unsigned char*>(content.data());
  const std::shared_ptr<PKCS12> file{d2i_PKCS12(nullptr, &cursor, static_cast<long>(content.size())), &PKCS12_free};
  const ASN1_INTEGER* count = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &count, file.get());
  REQUIRE(ASN1_INTEGER_set(const_cast<ASN1_INTEGER*>(count), 2'000'000'000) == 1); // NOLINT: there is no setter
  unsigned char* der = nullptr;
  const int length = i2d_PKCS12(file.get(), &der);
  REQUIRE(length > 0);
  content.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  const auto failed = failure_of(check_license(content, settings_for(), now));
  CHECK(failed.failure == license_failure::malformed);
  CHECK(mentions(failed, "iteration count"));
}

TEST_CASE("a wrong password has a failure of its own, and is not shown") {
  const auto leaf = files::make(good_dates(), nullptr);
  const auto content = file_of(leaf);
  for (const auto* wrong : {"opened by other tests", "", "Opened by tests"}) {
    auto s = settings_for();
    s.password = secret{wrong};
    const auto failed = failure_of(check_license(content, s, now));
    CHECK(failed.failure == license_failure::wrong_password);
    if (*wrong != '\0')
      CHECK_FALSE(mentions(failed, wrong));
  }
}

TEST_CASE("the failure of a password that is wrong because of a newline or white space says so") {
  const auto leaf = files::make(good_dates(), nullptr);
  const auto content = file_of(leaf);
  auto s = settings_for();
  const std::string right(s.password.reveal());
  for (const auto& [wrong, hint] :
       std::vector<std::pair<std::string, std::string>>{{right + "\n", "it ends with a newline"},
                                                        {right + "\r\n", "it ends with a newline"},
                                                        {right + " ", "it ends with white space"},
                                                        {" " + right, "it begins with white space"}}) {
    s.password = secret{wrong};
    const auto failed = failure_of(check_license(content, s, now));
    CHECK(failed.failure == license_failure::wrong_password);
    CHECK(mentions(failed, hint));
    CHECK_FALSE(mentions(failed, right));
    CHECK(failed.message.find('\n') == std::string::npos);
  }
  s.password = secret{"opened by other tests"};
  CHECK_FALSE(mentions(failure_of(check_license(content, s, now)), "; it "));
}

TEST_CASE("a password may be empty or contain non-ASCII characters") {
  const auto leaf = files::make(good_dates(), nullptr);
  for (const auto* word : {"", "pässwörd", "€"}) {
    files::pack p{leaf.key.get(), leaf.cert.get()};
    p.password = word;
    auto s = settings_for();
    s.password = secret{word};
    INFO(word);
    CHECK(check_license(files::pkcs12(p), s, now).has_value());
  }
}

TEST_CASE("a license without private key, without certificate, or with those of two licenses is refused") {
  const auto leaf = files::make(good_dates("one"), nullptr);
  const auto other = files::make(good_dates("other"), nullptr);
  const auto failure = [&](const files::pack& p) {
    return failure_of(check_license(files::pkcs12(p), settings_for(), now)).failure;
  };
  CHECK(failure({nullptr, leaf.cert.get()}) == license_failure::no_key);
  CHECK(failure({leaf.key.get(), nullptr}) == license_failure::no_certificate);
  CHECK(failure({leaf.key.get(), other.cert.get()}) == license_failure::key_mismatch);
}

TEST_CASE("of several certificates, the one that belongs to the private key is the license") {
  const auto ca = files::make(authority("Authority"), nullptr);
  const auto leaf = files::make(good_dates("mine"), &ca);
  files::pack p{leaf.key.get(), ca.cert.get(), {leaf.cert}};
  const auto result = check_license(files::pkcs12(p), settings_for(), now);
  REQUIRE(result.has_value());
  CHECK(result->subject == "CN=mine,O=Example");
}

TEST_CASE("files that old tools encrypted with RC2 and DES are opened, with their chain") {
  const std::shared_ptr<OSSL_LIB_CTX> library{OSSL_LIB_CTX_new(), &OSSL_LIB_CTX_free};
  const std::shared_ptr<OSSL_PROVIDER> standard{OSSL_PROVIDER_load(library.get(), "default"), &OSSL_PROVIDER_unload};
  OSSL_PROVIDER* loaded = OSSL_PROVIDER_load(library.get(), "legacy");
  if (loaded == nullptr) {
    ERR_clear_error();
    WARN("OpenSSL's legacy provider is not installed: not tested");
    return;
  }
  const std::shared_ptr<OSSL_PROVIDER> legacy{loaded, &OSSL_PROVIDER_unload};
  const files::directory dir;
  const auto root = files::make(authority("Root"), nullptr);
  const auto middle = files::make(authority("Middle"), &root);
  auto s = settings_for();
  s.trusted_certificates_file = dir.write("trusted.pem", files::pem({root.cert}));
  for (const int cipher : {NID_pbe_WithSHA1And40BitRC2_CBC, NID_pbe_WithSHA1And128BitRC2_CBC,
                           NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And128BitRC4}) {
    for (const int key_cipher : {NID_pbe_WithSHA1And3_Key_TripleDES_CBC, cipher}) {
      const auto key = key_cipher == cipher ? files::rsa_key() : files::ec_key();
      const auto leaf = files::make(good_dates(), &middle, key);
      files::pack p{leaf.key.get(), leaf.cert.get(), {middle.cert}};
      p.certificate_cipher = cipher;
      p.key_cipher = key_cipher;
      p.library = library.get();
      // OpenSSL 3.0 encrypts keys in the default context.
      OSSL_LIB_CTX* const before = OSSL_LIB_CTX_set0_default(library.get());
      const auto content = files::pkcs12(p);
      OSSL_LIB_CTX_set0_default(before);
      INFO(OBJ_nid2ln(cipher));
      const auto result = check_license(content, s, now);
      REQUIRE(result.has_value());
      CHECK(result->subject == "CN=CM test,O=Example");
      CHECK(ERR_peek_error() == 0);
      auto wrong = s;
      wrong.password = secret{"wrong"};
      CHECK(failure_of(check_license(content, wrong, now)).failure == license_failure::wrong_password);
    }
  }
}
