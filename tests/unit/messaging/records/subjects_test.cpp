#include "catch.hpp"
#include "messaging/records/subjects.hpp"

using namespace cm::messaging;

TEST_CASE("the subjects match the contract") {
  CHECK(subjects::ep_token_request("cm") == "kaa.v1.service.cm.ecap.ep-token-request");
  CHECK(subjects::ep_token_status_transition_request("cm")
        == "kaa.v1.service.cm.ecap.ep-token-status-transition-request");
  CHECK(subjects::client_username_password_request("cm2")
        == "kaa.v1.service.cm2.ecap.client-username-password-request");
  CHECK(subjects::client_certificate_request("cm") == "kaa.v1.service.cm.ecap.client-certificate-request");
  CHECK(subjects::endpoint_token_revoked("cm") == "kaa.v1.events.cm.endpoint.token.revoked");
  CHECK(subjects::client_credential_revoked("cm") == "kaa.v1.events.cm.client.credential.revoked");
  CHECK(subjects::endpoint_unregistered("epr") == "kaa.v1.events.epr.endpoint.lifecycle.unregistered");
  CHECK(subjects::configuration_upserted("tekton") == "kaa.v1.events.tekton.service.configuration.upsert");
  CHECK(subjects::configuration_deleted("tekton") == "kaa.v1.events.tekton.service.configuration.delete");
  CHECK(subjects::own_configuration_upserted("cm") == "kaa.v1.service.cm.scmp.configuration.upsert");
  CHECK(subjects::own_configuration_deleted("cm") == "kaa.v1.service.cm.scmp.configuration.delete");
}

TEST_CASE("an instance name is one token of a subject") {
  for (const char* good : {"cm", "CM-1", "cm_2", "a", "epr~x", "0"})
    CHECK(is_instance_name(good));
  for (const char* bad : {"", "a.b", "a b", "*", "a*", ">", "a>", "\ta", "a\n", "\x7f", "\xc3\xa4"})
    CHECK_FALSE(is_instance_name(bad));
  CHECK_FALSE(is_instance_name(std::string_view("a\0b", 3)));
  CHECK(is_instance_name(std::string(255, 'a')));
  CHECK_FALSE(is_instance_name(std::string(256, 'a')));
}
