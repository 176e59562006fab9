#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/rest/client_certificates.hpp"
#include "rest.hpp"

using cm::core::credential_status;
using cm::test::escaped;
using cm::test::header;
using cm::test::make_get;
using cm::test::make_post;
using cm::test::names;
using cm::test::some_id;
using cm::test::wrong_fields;

namespace {

constexpr std::string_view certificates_path = "/api/v1/clients/certificates";

// C=DE, O=Example, CN=Devices CA; serial number 0x1A2B. As a JSON string.
const std::string certificate = "-----BEGIN CERTIFICATE-----\\n"
                                "MIIBrDCCAVOgAwIBAgICGiswCgYIKoZIzj0EAwIwNDELMAkGA1UEBhMCREUxEDAO\\n"
                                "BgNVBAoMB0V4YW1wbGUxEzARBgNVBAMMCkRldmljZXMgQ0EwIBcNMjYxMTIyMjEx\\n"
                                "NDI2WhgPMjEyNjEwMjkyMTE0MjZaMDQxCzAJBgNVBAYTAkRFMRAwDgYDVQQKDAdF\\n"
                                "eGFtcGxlMRMwEQYDVQQDDApEZXZpY2VzIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0D\\n"
                                "AQcDQgAEYVBQgX1jU4A21cgDM7vynOEpqp1FCMuJQCxgG81VxkbS22KSaHqq2QSY\\n"
                                "7jysqDRA2SWOZcxFrnQpW8eXnaUQg6NTMFEwHQYDVR0OBBYEFIgVvc5UZKMmX1N0\\n"
                                "DdwTTYQgzosGMB8GA1UdIwQYMBaAFIgVvc5UZKMmX1N0DdwTTYQgzosGMA8GA1Ud\\n"
                                "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgQWaHOflSWJJPqPXZK/wnIPLg\\n"
                                "rIjnAqz61nYidsGky1UCIAdu2Q8qEq1/WrW3OP9BN2hWsFqno7yVvU9FMnoByIca\\n"
                                "-----END CERTIFICATE-----\\n";

cm::core::expected<cm::http::create_x509_request> create_certificate(std::string_view body) {
  return cm::http::parse_create_x509(make_post(certificates_path, body));
}

cm::core::expected<cm::http::list_clients_request> list_certificates(const std::string& query) {
  return cm::http::parse_list_x509(make_get(std::string{certificates_path} + query));
}

} // namespace

TEST_CASE("A certificate can be registered by issuer and serial number in any spelling") {
  auto result = create_certificate(R"({"issuer":"cn=Devices CA , o=Example, c=DE","serialNumber":"0x1A2B"})");
  REQUIRE(result.has_value());
  CHECK(result->issuer.canonical == "CN=Devices CA,O=Example,C=DE");
  CHECK(result->serial_number == "6699");
  CHECK(!result->client_id);

  result =
    create_certificate(R"({"issuer":"CN=a","serialNumber":"00012","certificate":null,"clientId":"gateway-7","x":1})");
  REQUIRE(result.has_value());
  CHECK(result->serial_number == "12");
  CHECK(result->client_id == "gateway-7");

  result = create_certificate(R"({"issuer":"CN=a","serialNumber":"-0x0080"})");
  REQUIRE(result.has_value());
  CHECK(result->serial_number == "-128");
}

TEST_CASE("An issuer is read with all forms under which its certificates may be stored") {
  const auto created = create_certificate(R"({"issuer":"Mail=a+CN=b","serialNumber":"1"})");
  REQUIRE(created.has_value());
  CHECK(created->issuer.canonical == "0.9.2342.19200300.100.1.3=a+CN=b");
  CHECK(created->issuer.identity == "0.9.2342.19200300.100.1.3=a+CN=b");
  const names others{"1.3.6.1.7=a+CN=b", "CN=b+0.9.2342.19200300.100.1.3=a", "CN=b+1.3.6.1.7=a"};
  CHECK(created->issuer.others == others);
  const auto listed = list_certificates("?issuer=" + escaped("Mail=a+CN=b"));
  REQUIRE(listed.has_value());
  auto all = others;
  all.push_back(created->issuer.canonical);
  CHECK(listed->issuers == all);
  CHECK(list_certificates("?issuer=CN%3Da")->issuers == names{"CN=a"});
  CHECK(list_certificates("")->issuers.empty());
}

TEST_CASE("A certificate can be registered by its PEM text") {
  const auto result =
    create_certificate(R"({"certificate":")" + certificate + R"(","issuer":null,"clientId":"gateway-7"})");
  REQUIRE(result.has_value());
  CHECK(result->issuer.canonical == "CN=Devices CA,O=Example,C=DE");
  CHECK(result->serial_number == "6699");
  CHECK(result->client_id == "gateway-7");
}

TEST_CASE("Both forms together, or neither of them, are an error") {
  CHECK(wrong_fields(create_certificate("{}")) == names{"certificate"});
  CHECK(wrong_fields(create_certificate(R"({"issuer":"CN=a"})")) == names{"serialNumber"});
  CHECK(wrong_fields(create_certificate(R"({"serialNumber":"1"})")) == names{"issuer"});
  CHECK(wrong_fields(create_certificate(R"({"serialNumber":"1","certificate":")" + certificate + "\"}"))
        == names{"certificate"});
  CHECK(wrong_fields(create_certificate(R"({"issuer":"CN=a","serialNumber":"1","certificate":")" + certificate + "\"}"))
        == names{"certificate"});
}

TEST_CASE("All invalid fields of a new certificate are reported in one response") {
  CHECK(wrong_fields(create_certificate(R"({"issuer":"no name","serialNumber":"+1","clientId":""})"))
        == names{"issuer", "serialNumber", "clientId"});
  CHECK(wrong_fields(create_certificate(R"({"issuer":"","serialNumber":""})")) == names{"issuer", "serialNumber"});
  CHECK(wrong_fields(create_certificate(R"({"issuer":7,"serialNumber":7})")) == names{"issuer", "serialNumber"});
  CHECK(wrong_fields(create_certificate(R"({"certificate":7,"clientId":7})")) == names{"certificate", "clientId"});
  CHECK(wrong_fields(create_certificate(R"({"certificate":"-----BEGIN CERTIFICATE-----"})")) == names{"certificate"});
  CHECK(wrong_fields(create_certificate(R"({"certificate":""})")) == names{"certificate"});
  CHECK(wrong_fields(create_certificate(R"({"certificate":")" + certificate + certificate + "\"}"))
        == names{"certificate"});
  CHECK(wrong_fields(create_certificate("")).empty());
}

TEST_CASE("Filters of a list of certificates are converted to canonical form") {
  const auto result = list_certificates("?status=Suspended&issuer=" + escaped("cn=Devices CA, o=Example,c=DE")
                                        + "&serialNumber=0X1a2b&limit=7&offset=1&order=ASC");
  REQUIRE(result.has_value());
  CHECK(result->statuses == std::vector{credential_status::suspended});
  CHECK(result->issuers == names{"CN=Devices CA,O=Example,C=DE"});
  CHECK(result->serial_number == "6699");
  CHECK(result->offset == 1);
  CHECK(result->limit == 7);
  CHECK(result->order == cm::http::sort_order::ascending);
  CHECK(list_certificates("?serialNumber=-0128").value().serial_number == "-128");
  CHECK(list_certificates("?issuer=&serialNumber=").value().issuers.empty());
  CHECK(!list_certificates("?issuer=&serialNumber=").value().serial_number);
  CHECK(wrong_fields(list_certificates("?status=x&issuer=x&serialNumber=x&offset=x&limit=x&order=x"))
        == names{"status", "issuer", "serialNumber", "offset", "limit", "order"});
}

TEST_CASE("A certificate is rendered with its canonical names") {
  cm::core::client_credential credential;
  credential.kind = cm::core::client_kind::x509;
  credential.id = *cm::core::parse_uuid(some_id);
  credential.issuer = "CN=Devices CA,O=Example\\, Inc.";
  credential.serial_number = "6699";
  credential.client_id = "gateway-7";
  credential.created_at = cm::core::from_unix_ms(1795356000123);
  const auto answer = cm::http::render_created_x509(credential);
  CHECK(answer.status == 201);
  CHECK(!answer.sensitive);
  CHECK(header(answer, "Location") == "/api/v1/clients/certificates/0192f0a0-0000-7000-8000-000000000001");
  CHECK(header(answer, "ETag") == cm::http::entity_tag_of(credential));
  CHECK(answer.body
        == R"({"credentialId":"0192f0a0-0000-7000-8000-000000000001","issuer":"CN=Devices CA,O=Example\\, Inc.",)"
           R"("serialNumber":"6699","clientId":"gateway-7","status":"Inactive","createdDate":")"
             + cm::core::to_iso8601(credential.created_at) + "\"}");
  CHECK(cm::http::render_client(make_get("/"), credential).body == answer.body);
}
