#include "actors/nats/token_request_checks.hpp"
#include "actors/validation/client_validation.hpp"
#include "actors/validation/token_validation.hpp"
#include "catch.hpp"
#include "core/certificates/distinguished_name.hpp"

#include <string>

using namespace cm;
using namespace cm::actors;
using core::errc;

namespace {

const auto login_time = core::from_unix_ms(1'000'000);

messaging::ecap::client_username_password_validation_request login() {
  messaging::ecap::client_username_password_validation_request out;
  out.timestamp = core::to_unix_ms(login_time);
  out.username = "user";
  out.password = "password";
  return out;
}

messaging::ecap::client_certificate_validation_request certificate() {
  messaging::ecap::client_certificate_validation_request out;
  out.timestamp = core::to_unix_ms(login_time);
  out.issuer = "CN=CA, O=Kaa";
  out.serial_number = "0042";
  return out;
}

} // namespace

TEST_CASE("a well-formed username and password are looked up") {
  CHECK(refuse_early(login(), login_time) == std::nullopt);
}

TEST_CASE("a login whose timeout has passed is 408, before any other check") {
  auto request = login();
  request.timeout = 1;
  request.password = std::nullopt;
  CHECK(refuse_early(request, login_time + std::chrono::seconds{1}) == errc::expired);
}

TEST_CASE("a login with null is looked up like an unknown one, unless the other field is malformed") {
  auto request = login();
  CHECK(names_login(request));
  request.password = std::nullopt;
  CHECK(refuse_early(request, login_time) == std::nullopt);
  CHECK_FALSE(names_login(request));
  request.username = "";
  CHECK(refuse_early(request, login_time) == errc::invalid);
  request.username = std::nullopt;
  CHECK(refuse_early(request, login_time) == std::nullopt);
  CHECK_FALSE(names_login(request));
  request.password = "";
  CHECK(refuse_early(request, login_time) == errc::invalid);
  request.password = "password";
  CHECK(refuse_early(request, login_time) == std::nullopt);
  CHECK_FALSE(names_login(request));
}

TEST_CASE("a login with a malformed username or password is 400") {
  const std::string long_name(256, 'a');
  const std::string long_password(1025, 'a');
  auto request = login();
  SECTION("empty username") {
    request.username = "";
  }
  SECTION("username too long") {
    request.username = long_name;
  }
  SECTION("control characters in the username") {
    request.username = "a\nb";
  }
  SECTION("empty password") {
    request.password = "";
  }
  SECTION("password too long") {
    request.password = long_password;
  }
  SECTION("a zero byte in the password") {
    request.password = std::string_view("a\0b", 3);
  }
  CHECK(refuse_early(request, login_time) == errc::invalid);
}

TEST_CASE("a certificate is looked up by its canonical name") {
  const auto read = read_certificate(certificate(), login_time);
  REQUIRE(read.has_value());
  CHECK(read->issuer == "CN=CA,O=Kaa");
  CHECK(read->serial_number == "42");
  auto other = certificate();
  other.issuer = "cn = CA , o=Kaa";
  other.serial_number = "42";
  CHECK(read_certificate(other, login_time)->subject == read->subject);
}

TEST_CASE("a certificate with a negative serial number is another one than that with the positive number") {
  auto request = certificate();
  request.serial_number = "-0042";
  const auto read = read_certificate(request, login_time);
  REQUIRE(read.has_value());
  CHECK(read->serial_number == "-42");
  CHECK(read->subject == core::subject_hash("CN=CA,O=Kaa", "-42"));
  CHECK(read->subject != read_certificate(certificate(), login_time)->subject);
}

TEST_CASE("a certificate is also looked up by the hashes of the other forms of its issuer, if there are any") {
  auto request = certificate();
  CHECK(read_certificate(request, login_time)->other_subjects.empty());
  CHECK_FALSE(read_certificate(request, login_time)->identity.has_value());
  request.issuer = "Mail=a";
  auto read = read_certificate(request, login_time);
  REQUIRE(read.has_value());
  CHECK(read->subject == core::subject_hash("0.9.2342.19200300.100.1.3=a", "42"));
  CHECK(read->other_subjects == std::vector{core::subject_hash("1.3.6.1.7=a", "42")});
  CHECK_FALSE(read->identity.has_value());
  request.issuer = "O=Multi+CN=foo,C=DE";
  read = read_certificate(request, login_time);
  REQUIRE(read.has_value());
  CHECK(read->subject == core::subject_hash("O=Multi+CN=foo,C=DE", "42"));
  CHECK(read->other_subjects == std::vector{core::subject_hash("CN=foo+O=Multi,C=DE", "42")});
  CHECK(read->identity == core::subject_hash("CN=foo+O=Multi,C=DE", "42"));
}

TEST_CASE("an issuer that is not a distinguished name, and a serial number that is not in base 10, are 400") {
  auto request = certificate();
  SECTION("issuer") {
    request.issuer = "not a name";
  }
  SECTION("empty serial number") {
    request.serial_number = "";
  }
  SECTION("hexadecimal") {
    request.serial_number = "0x42";
  }
  SECTION("negative and hexadecimal") {
    request.serial_number = "-0x42";
  }
  SECTION("a plus") {
    request.serial_number = "+42";
  }
  CHECK(read_certificate(request, login_time).error().code == errc::invalid);
}

TEST_CASE("a certificate request whose timeout has passed is 408") {
  auto request = certificate();
  request.timeout = 1;
  CHECK(read_certificate(request, login_time + std::chrono::seconds{1}).error().code == errc::expired);
}

TEST_CASE("a suspended or revoked client credential is 403, one without a known status 503") {
  core::client_credential credential;
  const auto [status, code] = GENERATE(table<core::credential_status, errc>({
    {core::credential_status::inactive, errc::none},
    {core::credential_status::active, errc::none},
    {core::credential_status::suspended, errc::forbidden},
    {core::credential_status::revoked, errc::forbidden},
    {core::credential_status::unknown, errc::unavailable},
  }));
  credential.status = status;
  CHECK(judge(credential) == code);
}

TEST_CASE("a transition to an unknown status is 400, one in an unknown application is 404") {
  messaging::ecap::endpoint_token_status_transition_request request;
  request.timestamp = core::to_unix_ms(login_time);
  request.app_name = "app-1";
  request.token = "token";
  request.target_status = "Revoked";
  const auto known = configured_applications({{"app-1", {}}});
  CHECK(refuse_early(request, *known, login_time) == std::nullopt);
  request.target_status = "revoked";
  CHECK(refuse_early(request, *known, login_time) == errc::invalid);
  request.target_status = "Revoked";
  request.app_name = "app-2";
  CHECK(refuse_early(request, *known, login_time) == errc::not_found);
}

TEST_CASE("trustful mode accepts an unknown token only if it is a valid endpoint ID") {
  messaging::ecap::endpoint_token_validation_request request;
  request.token = "endpoint_1~a-b";
  CHECK(trustfully_accepted(request));
  request.token = "an endpoint";
  CHECK_FALSE(trustfully_accepted(request));
}
