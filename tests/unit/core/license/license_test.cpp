#include "license_support.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

using namespace cm::core;
using namespace license_checks;
using namespace std::chrono_literals;
namespace files = license_files;

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
