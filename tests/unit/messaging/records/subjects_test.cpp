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

TEST_CASE("inboxes, subjects of replicas and other plain subjects can be answered") {
  for (const char* good :
       {"_INBOX.abc", "_INBOX.Vq3pXKZ0cY8mO1e2DfGh4J.5", "_R_.a.b", "kaa.v1.replica.epr-1.ecap.token-response", "a",
        "a.b.c", "kaa.v2.events.a", "Kaa.v1.events.a", "a.kaa.v1.events.b", "a$.b", "a.$SYS", "kaa", "kaa.v1",
        "\xc3\xa4.b", "a-b_c~d\"e"})
    CHECK(is_reply_subject(good));
}

TEST_CASE("subjects of the platform and of the server, and what is no subject of one message, are not answered") {
  for (const char* bad : {"",
                          "kaa.v1.events.cm.endpoint.token.revoked",
                          "kaa.v1.events.cm.client.credential.revoked",
                          "kaa.v1.events.x",
                          "kaa.v1.service.cm.ecap.ep-token-request",
                          "kaa.v1.service.x",
                          "kaa.v1.events",
                          "kaa.v1.service",
                          "kaa.v1.replicas.x",
                          "kaa.v1.x",
                          "$SYS.REQ.SERVER.PING",
                          "$JS.API.STREAM.LIST",
                          "$",
                          "$x",
                          ">",
                          "*",
                          "foo.*",
                          "foo.>",
                          "*.foo",
                          "a.*.b",
                          "a*",
                          "a>b",
                          "a..b",
                          ".a",
                          "a.",
                          ".",
                          "..",
                          "kaa.v1.events.",
                          "a b",
                          "a\tb",
                          " a",
                          "a ",
                          "a\nb",
                          "a\rb",
                          "a\fb",
                          "a\vb",
                          "a\x01",
                          "a\x7f"})
    CHECK_FALSE(is_reply_subject(bad));
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
