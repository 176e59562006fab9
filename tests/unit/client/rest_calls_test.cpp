#include "catch.hpp"
#include "client/rest_calls.hpp"
#include "client/settings.hpp"

using namespace cm::client;

namespace {

invocation parsed_words(std::vector<std::string_view> words) {
  auto result = parse_arguments(words);
  REQUIRE(result.has_value());
  return *std::move(result);
}

std::string line(std::vector<std::string_view> words, const call_material& with = {}) {
  const auto call = make_rest_call(parsed_words(std::move(words)), with);
  if (!call)
    return call.error().message;
  const auto& request = call->request;
  return request.method + ' ' + request.target + (request.body.empty() ? "" : ' ' + request.body);
}

cm::core::expected<connection_settings> settings(std::vector<std::string_view> words,
                                                 cm::core::configuration::environment variables = {}) {
  return connection_settings_of(parsed_words(std::move(words)), variables);
}

} // namespace

TEST_CASE("every command maps to its request") {
  call_material secret;
  secret.secret_value = cm::core::secret{"sec\"ret"};
  call_material pem;
  pem.certificate = "PEM\n";
  CHECK(line({"token", "create", "e 1", "--application", "lamp"})
        == R"(POST /api/v1/endpoints/e%201/tokens {"applicationName":"lamp"})");
  CHECK(line({"token", "create", "e", "--application", "lamp", "--token-file", "f"}, secret)
        == R"(POST /api/v1/endpoints/e/tokens {"applicationName":"lamp","token":"sec\"ret"})");
  CHECK(line({"token", "create", "e"}) == "token create needs --application NAME");
  CHECK(line({"token", "list", "e", "--status", "Active", "--status", "Revoked", "--limit", "2", "--offset", "1"})
        == "GET /api/v1/endpoints/e/tokens?status=Active%2CRevoked&offset=1&limit=2");
  CHECK(line({"token", "show", "e", "t/.."}) == "GET /api/v1/endpoints/e/tokens/t%2F..");
  CHECK(line({"token", "suspend", "e", "t"}) == R"(PUT /api/v1/endpoints/e/tokens/t/status {"status":"Suspended"})");
  CHECK(line({"token", "activate", "e", "t"}) == R"(PUT /api/v1/endpoints/e/tokens/t/status {"status":"Active"})");
  CHECK(line({"token", "revoke", "e", "t"}) == R"(PUT /api/v1/endpoints/e/tokens/t/status {"status":"Revoked"})");
  CHECK(line({"token", "delete", "e", "t"}) == "DELETE /api/v1/endpoints/e/tokens/t");
  CHECK(line({"token", "delete", "e", "--all"}) == "DELETE /api/v1/endpoints/e/tokens");
  CHECK(line({"token", "delete", "e"}) == "token delete needs either a TOKEN_ID or --all");
  CHECK(line({"token", "delete", "e", "t", "--all"}) == "token delete needs either a TOKEN_ID or --all");
  CHECK(line({"token", "history", "e", "t", "--limit", "5"}) == "GET /api/v1/endpoints/e/tokens/t/history?limit=5");
  CHECK(line({"credential", "create", "u", "--client-id", "c"})
        == R"(POST /api/v1/clients/credentials {"username":"u","clientId":"c"})");
  CHECK(line({"credential", "create", "u", "--password-file", "f"}, secret)
        == R"(POST /api/v1/clients/credentials {"username":"u","password":"sec\"ret"})");
  CHECK(line({"credential", "list", "--username", "a&b"}) == "GET /api/v1/clients/credentials?username=a%26b");
  CHECK(line({"credential", "password", "c"}) == "PUT /api/v1/clients/credentials/c/password {}");
  CHECK(line({"credential", "delete", "c"}) == "DELETE /api/v1/clients/credentials/c");
  CHECK(line({"certificate", "create", "--issuer", "CN=A", "--serial-number", "0x1"})
        == R"(POST /api/v1/clients/certificates {"issuer":"CN=A","serialNumber":"0x1"})");
  CHECK(line({"certificate", "create", "--issuer", "CN=A", "--serial-number", "-128"})
        == R"(POST /api/v1/clients/certificates {"issuer":"CN=A","serialNumber":"-128"})");
  CHECK(line({"certificate", "create", "--file", "f", "--client-id", "c"}, pem)
        == R"(POST /api/v1/clients/certificates {"certificate":"PEM\n","clientId":"c"})");
  CHECK(line({"certificate", "create"}) == "certificate create needs --file, or --issuer and --serial-number");
  CHECK(line({"certificate", "create", "--issuer", "a"})
        == "certificate create needs both of --issuer and --serial-number");
  CHECK(line({"certificate", "create", "--file", "f", "--issuer", "a"})
        == "certificate create needs --file, or --issuer and --serial-number");
  CHECK(line({"certificate", "revoke", "c"}) == R"(PUT /api/v1/clients/certificates/c/status {"status":"Revoked"})");
  CHECK(make_export_request(parsed_words({"token", "export", "--application", "lamp"})).target
        == "/api/v1/endpoint-tokens/export?applicationName=lamp");
}

TEST_CASE("the URL comes from the option, CM_URL, or the configuration") {
  const cm::core::configuration::environment both{{"CM_URL", "http://cm:81"}, {"SERVER_PORT", "82"}};
  const cm::core::configuration::environment port{{"SERVER_PORT", "82"}, {"APP_CONFIG_PATH", "/nowhere/at-all"}};
  CHECK(settings({"token", "list", "e", "--url", "http://cm:80/x/api/v1"}, both)->url.prefix == "/x");
  CHECK(settings({"token", "list", "e"}, both)->url.authority == "cm:81");
  CHECK(settings({"token", "list", "e"}, port)->url.authority == "127.0.0.1:82");
  CHECK(health_settings_of(parsed_words({"health"}), {{"MANAGEMENT_PORT", "83"}})->url.authority == "127.0.0.1:83");
  CHECK(health_settings_of(parsed_words({"health"}), {{"MANAGEMENT_PORT", "wrong"}})->url.authority
        == "127.0.0.1:8080");
  CHECK(health_settings_of(parsed_words({"health"}), {})->timeout == std::chrono::seconds{3});
}

TEST_CASE("invalid options are reported") {
  const auto fault = [](std::vector<std::string_view> words) {
    words.insert(words.begin(), {"token", "list", "e"});
    const auto result = settings(words);
    return result ? std::string("no fault") : result.error().message;
  };
  CHECK(fault({"--url", "cm"}).starts_with("--url: \"cm\" is not an http or https URL"));
  CHECK(fault({"--timeout", "0"}).starts_with("--timeout is a time"));
  CHECK(fault({"--timeout", "soon"}).starts_with("--timeout is a time"));
  CHECK(fault({"--correlation-id", "a b"}).starts_with("--correlation-id is"));
  CHECK(fault({"--ca-file", "f", "--url", "http://cm"}) == "--ca-file is for https, and the URL is http://cm");
  CHECK(fault({"--key-file", "f", "--url", "https://cm"})
        == "--certificate-file and --key-file must be given together");
  CHECK(
    fault({"--bearer-token-file", "/nowhere/at-all"}).starts_with("the access token cannot be read: /nowhere/at-all"));
}
