#include "actors/nats/oversized_reply.hpp"
#include "catch.hpp"
#include "core/credentials/change_origin.hpp"
#include "messaging/records/ecap.hpp"

#include <string>

using namespace cm;
namespace ecap = messaging::ecap;
using actors::ecap_protocol;
using actors::oversized_reply;

namespace {

std::string request_with(std::string_view correlation_id) {
  ecap::endpoint_token_validation_request request;
  request.correlation_id = correlation_id;
  request.app_name = "app";
  request.token = "token";
  std::string bytes;
  messaging::encode(request, bytes);
  return bytes;
}

template <class Response>
void check(ecap_protocol protocol, const std::string& request, std::size_t limit, std::string_view id) {
  const auto bytes = oversized_reply(protocol, request, limit);
  const auto decoded = messaging::decode<Response>(bytes);
  REQUIRE(decoded.has_value());
  CHECK(decoded->correlation_id == id);
  CHECK(decoded->status_code == 400);
  CHECK(decoded->reason_phrase == "Bad Request");
  if constexpr (requires { decoded->token_id; })
    CHECK_FALSE((decoded->token_id || decoded->endpoint_id));
  if constexpr (requires { decoded->client_id; })
    CHECK_FALSE((decoded->credential_id || decoded->client_id));
}

} // namespace

TEST_CASE("the reply in place of one that is too large is a 400 of its protocol with a cut correlation ID") {
  const std::string id(1'000'000, 'x');
  const auto request = request_with(id);
  const auto cut = id.substr(0, core::max_kept_correlation_id);
  check<ecap::endpoint_token_validation_response>(ecap_protocol::ep_token, request, 255, cut);
  check<ecap::endpoint_token_status_transition_response>(ecap_protocol::ep_token_status, request, 255, cut);
  check<ecap::client_username_password_validation_response>(ecap_protocol::client_password, request, 255, cut);
  check<ecap::client_certificate_validation_response>(ecap_protocol::client_certificate, request, 255, cut);
  check<ecap::client_certificate_validation_response>(ecap_protocol::client_certificate, request, 0, "");
}

TEST_CASE("the correlation ID is cut between two characters, and empty if it cannot be decoded") {
  std::string id(254, 'x');
  id += "\xc3\xa4\xc3\xa4";
  check<ecap::endpoint_token_validation_response>(ecap_protocol::ep_token, request_with(id), 255, id.substr(0, 254));
  check<ecap::endpoint_token_validation_response>(ecap_protocol::ep_token, request_with("short"), 255, "short");
  for (const std::string broken : {"", "x", "\xff\xff"})
    check<ecap::endpoint_token_validation_response>(ecap_protocol::ep_token, broken, 255, "");
}

TEST_CASE("of a correlation ID CM keeps 255 bytes at most, cut between two characters") {
  CHECK(core::kept_correlation_id("").empty());
  CHECK(core::kept_correlation_id(std::string(255, 'x')) == std::string(255, 'x'));
  CHECK(core::kept_correlation_id(std::string(1000, 'x')) == std::string(255, 'x'));
  CHECK(core::kept_correlation_id(std::string(253, 'x') + "\xe2\x82\xac") == std::string(253, 'x'));
}
