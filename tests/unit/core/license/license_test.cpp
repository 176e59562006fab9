#include "catch.hpp"
#include "core/license/license.hpp"
#include "license_files.hpp"

#include <openssl/err.h>
#include <openssl/sha.h>

#include <algorithm>
#include <sys/stat.h>

using namespace cm::core;
using namespace std::chrono_literals;
namespace files = license_files;

namespace {

constexpr std::string_view password = "opened by tests";
const timestamp now = *parse_iso8601("2026-11-22T14:17:00.000Z");

files::wish good_dates(std::string common_name = "CM test") {
  return {std::move(common_name), now - 24h, now + 24h * 100};
}

files::wish authority(const std::string& common_name) {
  auto w = good_dates(common_name);
  w.authority = true;
  return w;
}

std::string file_of(const files::identity& leaf, std::vector<files::certificate> others = {}) {
  return files::pkcs12({leaf.key.get(), leaf.cert.get(), std::move(others)});
}

license_settings settings_for(const std::string& path = "/run/license/license.p12") {
  license_settings s;
  s.path = path;
  s.password = secret{std::string{password}};
  return s;
}

/// Checks that the message is one line that names the file and does not contain the password.
license_error failure_of(const license_result& result) {
  REQUIRE(result.has_error());
  const auto& e = result.error();
  INFO(e.message);
  CHECK(e.message.find(".p12'") != std::string::npos);
  CHECK(e.message.find('\n') == std::string::npos);
  CHECK(e.message.find(password) == std::string::npos);
  CHECK(ERR_peek_error() == 0);
  return e;
}

bool mentions(const license_error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a valid license is accepted, with an EC key and with an RSA key") {
  const auto ca = files::make(authority("Authority"), nullptr);
  for (const auto& key : {files::ec_key(), files::rsa_key()}) {
    const auto content = file_of(files::make(good_dates(), &ca, key));
    const auto result = check_license(content, settings_for(), now);
    REQUIRE(result.has_value());
    CHECK(result->subject == "CN=CM test,O=Example");
    CHECK(result->issuer == "CN=Authority,O=Example");
    CHECK(result->serial == "4711");
    CHECK(result->not_before == now - 24h);
    CHECK(result->not_after == now + 24h * 100);
    std::array<std::uint8_t, 32> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
    CHECK(result->file_digest == digest);
    CHECK(ERR_peek_error() == 0);
  }
}

TEST_CASE("a license is read from its file, also through a symbolic link") {
  const files::directory dir;
  const auto leaf = files::make(good_dates(), nullptr);
  const auto path = dir.write("license.p12", file_of(leaf));
  CHECK(check_license(settings_for(path), now).has_value());
  std::filesystem::create_symlink(path, dir.path("link.p12"));
  CHECK(check_license(settings_for(dir.path("link.p12")), now).has_value());
  const auto loaded = load_license(settings_for(path), now);
  REQUIRE(loaded.has_value());
  CHECK(*loaded == *check_license(settings_for(path), now));
}

TEST_CASE("non-ASCII and control characters in the names of a license are escaped") {
  auto w = good_dates("Mü\n\"x\"");
  const auto result = check_license(file_of(files::make(w, nullptr)), settings_for(), now);
  REQUIRE(result.has_value());
  CHECK(result->subject == "CN=M\\C3\\BC\\0A\\\"x\\\",O=Example");
}

TEST_CASE("a serial number longer than 64 bits is shown in decimal") {
  const auto leaf = files::make(good_dates(), nullptr);
  BIGNUM* number = nullptr;
  REQUIRE(BN_dec2bn(&number, "123456789012345678901234567890123456789") > 0);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(leaf.cert.get()));
  BN_free(number);
  REQUIRE(X509_sign(leaf.cert.get(), leaf.key.get(), EVP_sha256()) > 0);
  const auto result = check_license(file_of(leaf), settings_for(), now);
  REQUIRE(result.has_value());
  CHECK(result->serial == "123456789012345678901234567890123456789");
}

TEST_CASE("anything but a readable file is `unreadable`, and the message has the reason") {
  const files::directory dir;
  const auto e = [&](const std::string& path) { return failure_of(check_license(settings_for(path), now)); };
  SECTION("no file") {
    const auto failed = e(dir.path("none.p12"));
    CHECK(failed.failure == license_failure::unreadable);
    CHECK(mentions(failed, "No such file or directory"));
    CHECK(mentions(failed, dir.path("none.p12")));
  }
  SECTION("a directory") {
    std::filesystem::create_directory(dir.path("directory.p12"));
    const auto failed = e(dir.path("directory.p12"));
    CHECK(failed.failure == license_failure::unreadable);
    CHECK(mentions(failed, "is not a regular file"));
  }
  SECTION("a pipe without a writer, without waiting") {
    REQUIRE(::mkfifo(dir.path("pipe.p12").c_str(), 0600) == 0);
    CHECK(e(dir.path("pipe.p12")).failure == license_failure::unreadable);
  }
  SECTION("a file above 1 MiB") {
    const auto path = dir.write("large.p12", std::string(max_license_file_size + 1, 'x'));
    const auto failed = e(path);
    CHECK(failed.failure == license_failure::unreadable);
    CHECK(mentions(failed, "1048576 bytes"));
    dir.write("large.p12", std::string(max_license_file_size, 'x'));
    CHECK(e(path).failure == license_failure::malformed);
  }
  SECTION("content above 1 MiB") {
    const std::string large(max_license_file_size + 1, 'x');
    CHECK(failure_of(check_license(large, settings_for(), now)).failure == license_failure::unreadable);
  }
}

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

TEST_CASE("a license file without a MAC, or with an iteration count that would take hours, is `malformed`") {
  const auto leaf = files::make(good_dates(), nullptr);
  files::pack p{leaf.key.get(), leaf.cert.get()};
  p.mac_iterations = -1;
  CHECK(failure_of(check_license(files::pkcs12(p), settings_for(), now)).failure == license_failure::malformed);

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

TEST_CASE("a license is valid from its notBefore to its notAfter, both inclusive") {
  const auto leaf = files::make(good_dates(), nullptr);
  const files::directory dir;
  auto s = settings_for();
  s.trusted_certificates_file = dir.write("trusted.pem", files::pem({leaf.cert}));
  const auto content = file_of(leaf);
  const auto begin = now - 24h;
  const auto end = now + 24h * 100;
  CHECK(check_license(content, s, begin).has_value());
  CHECK(check_license(content, s, end).has_value());

  const auto early = failure_of(check_license(content, s, begin - 1ms));
  CHECK(early.failure == license_failure::not_yet_valid);
  CHECK(mentions(early, "2026-11-21T14:17:00.000Z"));
  CHECK(mentions(early, "CN=CM test,O=Example"));

  const auto late = failure_of(check_license(content, s, end + 1ms));
  CHECK(late.failure == license_failure::expired);
  CHECK(mentions(late, "2027-03-02T14:17:00.000Z"));
  CHECK(mentions(late, "CN=CM test,O=Example"));
  REQUIRE(late.found.has_value());
  CHECK(late.found->not_after == end);
  CHECK(late.found->file_digest == check_license(content, s, now)->file_digest);
}

TEST_CASE("a license requires a valid chain to the trusted certificates, if any are configured") {
  const files::directory dir;
  const auto root = files::make(authority("Root"), nullptr);
  const auto middle = files::make(authority("Middle"), &root);
  const auto leaf = files::make(good_dates(), &middle);
  const auto stranger = files::make(authority("Root"), nullptr); // same name, other key
  auto s = settings_for();
  const auto trust = [&](const std::string& content) {
    s.trusted_certificates_file = dir.write("trusted.pem", content);
  };

  SECTION("with the intermediate certificate in the license") {
    trust(files::pem({root.cert}));
    CHECK(check_license(file_of(leaf, {middle.cert}), s, now).has_value());
  }
  SECTION("with the intermediate certificate in the bundle") {
    trust(files::pem({root.cert, middle.cert}));
    CHECK(check_license(file_of(leaf), s, now).has_value());
  }
  SECTION("with the issuer alone in the bundle") {
    trust(files::pem({middle.cert}));
    CHECK(check_license(file_of(leaf), s, now).has_value());
  }
  SECTION("one of several trusted certificates is enough") {
    trust("Some words before.\n" + files::pem({stranger.cert, root.cert}));
    CHECK(check_license(file_of(leaf, {middle.cert}), s, now).has_value());
  }
  SECTION("the intermediate certificate is missing") {
    trust(files::pem({root.cert}));
    const auto failed = failure_of(check_license(file_of(leaf), s, now));
    CHECK(failed.failure == license_failure::untrusted);
    CHECK(mentions(failed, dir.path("trusted.pem")));
    CHECK(mentions(failed, "CN=Middle,O=Example"));
    CHECK(failed.found.has_value());
  }
  SECTION("another authority of the same name") {
    trust(files::pem({stranger.cert}));
    CHECK(failure_of(check_license(file_of(leaf, {middle.cert, root.cert}), s, now)).failure
          == license_failure::untrusted);
  }
  SECTION("the issuer is not a certificate authority") {
    const auto plain = files::make(good_dates("Plain"), &root);
    trust(files::pem({root.cert}));
    const auto issued = files::make(good_dates(), &plain);
    CHECK(failure_of(check_license(file_of(issued, {plain.cert}), s, now)).failure == license_failure::untrusted);
  }
  SECTION("an expired authority") {
    auto w = authority("Old");
    w.end = now - 1h;
    const auto old = files::make(w, nullptr);
    trust(files::pem({old.cert}));
    CHECK(failure_of(check_license(file_of(files::make(good_dates(), &old)), s, now)).failure
          == license_failure::untrusted);
  }
  SECTION("no file, an empty one, garbage, and a damaged second certificate") {
    const auto content = file_of(leaf, {middle.cert});
    s.trusted_certificates_file = dir.path("none.pem");
    CHECK(failure_of(check_license(content, s, now)).failure == license_failure::untrusted);
    for (const auto& bad :
         {std::string{}, std::string{"no certificates"},
          files::pem({root.cert}) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
      trust(bad);
      const auto failed = failure_of(check_license(content, s, now));
      CHECK(failed.failure == license_failure::untrusted);
      CHECK(mentions(failed, dir.path("trusted.pem")));
    }
  }
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
    for (const auto& key : {files::ec_key(), files::rsa_key()}) {
      const auto leaf = files::make(good_dates(), &middle, key);
      files::pack p{leaf.key.get(), leaf.cert.get(), {middle.cert}};
      p.certificate_cipher = cipher;
      p.key_cipher = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
      p.library = library.get();
      const auto content = files::pkcs12(p);
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

TEST_CASE("load_license returns the same message, with the name of the failure as detail") {
  const auto result = load_license(settings_for("/nowhere/license.p12"), now);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::forbidden);
  CHECK(result.error().detail == "unreadable");
  CHECK(result.error().message.find("/nowhere/license.p12") != std::string::npos);
}

TEST_CASE("every license failure has its own name") {
  CHECK(to_string(license_failure::unreadable) == "unreadable");
  CHECK(to_string(license_failure::malformed) == "malformed");
  CHECK(to_string(license_failure::wrong_password) == "wrong_password");
  CHECK(to_string(license_failure::no_key) == "no_key");
  CHECK(to_string(license_failure::no_certificate) == "no_certificate");
  CHECK(to_string(license_failure::key_mismatch) == "key_mismatch");
  CHECK(to_string(license_failure::not_yet_valid) == "not_yet_valid");
  CHECK(to_string(license_failure::expired) == "expired");
  CHECK(to_string(license_failure::untrusted) == "untrusted");
}

TEST_CASE("a license from deploy/license/make-license is accepted") {
  const files::directory dir;
  const std::string tool = std::string{CM_SOURCE_DIR} + "/deploy/license/make-license --cn 'CM development' ";
  const auto run = [&](const std::string& arguments) {
    return std::system((tool + arguments + " >/dev/null").c_str()); // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  };
  const auto checked = [&](const std::string& where) {
    auto s = settings_for(dir.path(where + "/license.p12"));
    std::ifstream in{dir.path(where + "/license.password")};
    std::string word;
    std::getline(in, word);
    s.password = secret{std::move(word)};
    s.trusted_certificates_file = dir.path(where + "/ca.pem");
    return check_license(s, now_ms());
  };
  REQUIRE(run("--out " + dir.path("a") + " --days 365") == 0);
  const auto first = checked("a");
  REQUIRE(first.has_value());
  CHECK(first->subject == "CN=CM development");
  CHECK(first->not_after > now_ms() + 24h * 364);
  CHECK(first->not_after < now_ms() + 24h * 366);
  REQUIRE(run("--out " + dir.path("a") + " --days 365") == 0);
  CHECK(checked("a")->serial == first->serial);
  REQUIRE(run("--out " + dir.path("a") + " --days 365 --force") == 0);
  CHECK(checked("a")->serial != first->serial);
  for (const auto* name : {"a/license.p12", "a/license.password", "a/ca.pem", "a/ca.key"}) {
    using std::filesystem::perms;
    CHECK(std::filesystem::status(dir.path(name)).permissions() == (perms::owner_read | perms::owner_write));
  }
  REQUIRE(run("--out " + dir.path("b") + " --expired") == 0);
  CHECK(failure_of(checked("b")).failure == license_failure::expired);
  REQUIRE(run("--out " + dir.path("c") + " --not-yet-valid") == 0);
  CHECK(failure_of(checked("c")).failure == license_failure::not_yet_valid);
}
