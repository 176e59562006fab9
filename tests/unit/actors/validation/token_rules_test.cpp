#include "actors/interfaces/applications.hpp"
#include "actors/nats/token_request_checks.hpp"
#include "actors/validation/token_validation.hpp"
#include "catch.hpp"

using namespace cm;
using namespace cm::actors;
using core::credential_status;
using core::errc;

namespace {

const core::timestamp request_time = core::from_unix_ms(1669126620000);
const application_directory two_applications = *configured_applications({{"app-1", {}}, {"app-2", {"v1"}}});

messaging::ecap::endpoint_token_validation_request valid_request() {
  messaging::ecap::endpoint_token_validation_request out;
  out.correlation_id = "c";
  out.timestamp = core::to_unix_ms(request_time) - 100;
  out.timeout = 5000;
  out.app_name = "app-1";
  out.token = "token";
  return out;
}

} // namespace

TEST_CASE("a valid request is looked up") {
  CHECK(refuse_early(valid_request(), two_applications, request_time) == std::nullopt);
  CHECK(refuse_early(valid_request(), *configured_applications({}), request_time) == std::nullopt);
}

TEST_CASE("a message whose timeout has passed is 408, before any other check") {
  auto request = valid_request();
  request.timestamp -= 10000;
  CHECK(refuse_early(request, two_applications, request_time) == errc::expired);
  request.token = "a/b";
  request.app_name = "UNKNOWN";
  CHECK(refuse_early(request, two_applications, request_time) == errc::expired);
  request.timeout = 0; // never
  CHECK(refuse_early(request, two_applications, request_time) == errc::invalid);
}

TEST_CASE("a malformed token or application name is 400, even if the application is unknown") {
  auto request = valid_request();
  SECTION("token") {
    request.token = GENERATE(as<std::string_view>{}, "", "a/b", "a+b", "a#b", "a.b", "a\nb", "\xff");
  }
  SECTION("application") {
    request.app_name = GENERATE(as<std::string_view>{}, "", "App", "a.b");
  }
  SECTION("token, of an unknown application") {
    request.token = "a/b";
    request.app_name = "app-3";
  }
  CHECK(refuse_early(request, two_applications, request_time) == errc::invalid);
}

TEST_CASE("an application that is not configured is 404, unless no application is configured") {
  auto request = valid_request();
  request.app_name = "app-3";
  CHECK(refuse_early(request, two_applications, request_time) == errc::not_found);
  CHECK(refuse_early(request, *configured_applications({}), request_time) == std::nullopt);
  CHECK(two_applications.knows("app-2"));
  CHECK_FALSE(two_applications.knows("app"));
  CHECK(configured_applications({})->knows("app"));
}

TEST_CASE("the result of the look-up decides: valid, 403 for a suspended or revoked token, 404 for none, "
          "503 for a row without a known status") {
  storage::found_token token;
  CHECK(judge(std::nullopt) == errc::not_found);
  token.status = credential_status::inactive;
  CHECK(judge(token) == errc::none);
  token.status = credential_status::active;
  CHECK(judge(token) == errc::none);
  token.status = credential_status::suspended;
  CHECK(judge(token) == errc::forbidden);
  token.status = credential_status::revoked;
  CHECK(judge(token) == errc::forbidden);
  token.status = credential_status::unknown;
  CHECK(judge(token) == errc::unavailable);
}
