// Habits of Spring Boot: profiles, elements of lists, aliases, and settings that CM cannot honour.
#include "configuration_support.hpp"

using namespace configuration_test;

namespace {

constexpr auto two_documents = "server.port: 81\nmanagement.port: 82\n---\nspring.profiles: test\nserver.port: 83\n";

using urls = std::vector<std::string>;

} // namespace

TEST_CASE("a document with a profile applies only if the profile is active") {
  CHECK(settings_of(two_documents).server.port == 81);
  CHECK(has(warnings_of(two_documents),
            "service-config.yml:4: spring.profiles: the profile test is not active, so this "
            "document does not apply"));
  const auto active = settings_of(two_documents, {{"SPRING_PROFILES_ACTIVE", "prod, test"}});
  CHECK(active.server.port == 83);
  CHECK(active.management.port == 82);
  CHECK(settings_of(two_documents, {{"SPRING_PROFILES_ACTIVE", "prod"}}).server.port == 81);
  CHECK(settings_of(std::string("spring.profiles.active: test\n") + two_documents).server.port == 83);
  // The environment overrides the file here too.
  CHECK(settings_of(std::string("spring.profiles.active: test\n") + two_documents, {{"SPRING_PROFILES_ACTIVE", "prod"}})
          .server.port
        == 81);
}

TEST_CASE("the condition of a document is written in one of two keys, as names or negated names") {
  const auto port = [](const std::string& condition, variables set = {}) {
    return settings_of("server.port: 81\n---\n" + condition + "\nserver:\n  port: 83\n", std::move(set)).server.port;
  };
  CHECK(port("spring.config.activate.on-profile: test") == 81);
  CHECK(port("spring:\n  config:\n    activate:\n      onProfile: test", {{"SPRING_PROFILES_ACTIVE", "test"}}) == 83);
  CHECK(port("spring.profiles: a, test", {{"SPRING_PROFILES_ACTIVE", "test"}}) == 83);
  CHECK(port("spring.profiles: [a, test]", {{"SPRING_PROFILES_ACTIVE", "test"}}) == 83);
  CHECK(port("spring.profiles: '!test'") == 83);
  CHECK(port("spring.profiles: '!test'", {{"SPRING_PROFILES_ACTIVE", "test"}}) == 81);
  CHECK(port("spring.profiles: default") == 83);
  CHECK(port("spring.profiles: default", {{"SPRING_PROFILES_ACTIVE", "test"}}) == 81);
  CHECK(mentions(errors_of("a: 1\n---\nspring.profiles: a & b\n"), "expected names of profiles separated by commas"));
}

TEST_CASE("also the first document may have a condition, and one that does not apply may be invalid") {
  CHECK(settings_of("spring.profiles: test\nserver.port: 83\n").server.port == 80);
  CHECK(settings_of("server.port: 81\n---\nspring.profiles: test\nserver.port: ten\n").server.port == 81);
  CHECK(errors_of(two_documents + std::string("nats.urls: http://x"), {{"SPRING_PROFILES_ACTIVE", "test"}})
        == lines{"service-config.yml:6: nats.urls: found \"http://x\", expected nats:// or tls:// URLs separated by "
                 "commas, as in nats://host:4222"});
}

TEST_CASE("a later document overrides keys of an earlier one, in any spelling, and adds others") {
  const auto s = settings_of("kaa.cm.ep-token.length: 9\nserver.port: 81\nnats.urls: nats://a\n---\n"
                             "kaa:\n  cm:\n    epToken:\n      length: 12\nnats.urls[0]: nats://b\n");
  CHECK(s.credentials.token_length == 12);
  CHECK(s.server.port == 81);
  CHECK(s.nats.urls == urls{"nats://b:4222"});
  CHECK(errors_of("a: 1\n---\nserver.port: 1\nserver.port: 2\n")
        == lines{"service-config.yml:4: server.port: found twice, first in line 3, expected once"});
}

TEST_CASE("the elements of a list may have one key each") {
  CHECK(settings_of("nats.urls[0]: nats://a\nserver.port: 81\nnats.urls[1]: b:1\n").nats.urls
        == urls{"nats://a:4222", "nats://b:1"});
  CHECK(settings_of("nats:\n  urls[1]: b\n  urls[0]: a\n").nats.urls == urls{"nats://a:4222", "nats://b:4222"});
  CHECK(settings_of("kaa.applications.kettle.versions[0]: v1\nkaa.applications.kettle.versions[1]: v2\n")
          .credentials.applications
        == std::map<std::string, std::set<std::string>>{{"kettle", {"v1", "v2"}}});
  CHECK(mentions(errors_of("nats.urls[1]: a\n"), "found without the element [0], expected all indices from 0 on"));
  CHECK(mentions(errors_of("nats.urls[0]: a\nnats:\n  urls[0]: b\n"), "found twice"));
  CHECK(mentions(errors_of("nats.urls[0]: a\nnats.urls: b\n"), "found twice"));
  CHECK(mentions(warnings_of("server.port[0]: 81\n"), "unknown key"));
  CHECK(settings_of("my.ports[0]: 81\nserver.port: ${my.ports[0]}\n").server.port == 81);
}

TEST_CASE("variables may be elements of a list, or be named like the key") {
  CHECK(settings_of("nats.urls: x", {{"NATS_URLS_0", "a"}, {"NATS_URLS_1", "b"}, {"NATS_URLS_3", "d"}}).nats.urls
        == urls{"nats://a:4222", "nats://b:4222"});
  CHECK(settings_of("", {{"NATS_URLS", "c"}, {"NATS_URLS_0", "a"}}).nats.urls == urls{"nats://c:4222"});
  CHECK(settings_of("", {{"server.port", "81"}}).server.port == 81);
  CHECK(settings_of("", {{"kaa.cm.ep-token.length", "12"}}).credentials.token_length == 12);
  CHECK(errors_of("", {{"server.port", "81"}, {"SERVER_PORT", "82"}}).size() == 1);
}

TEST_CASE("the size of the pool may be written for both pools of Spring; Hikari's counts, wherever it is set") {
  const std::string tomcat = "spring.datasource.tomcat.max-active: 5\n";
  const std::string hikari = "spring.datasource.hikari.maximum-pool-size: 10\n";
  const auto size = [](const std::string& yaml, variables set = {}) {
    return settings_of(yaml, std::move(set)).database.pool_size;
  };
  CHECK(size(tomcat) == 5);
  CHECK(size(tomcat + hikari) == 10);
  CHECK(size(hikari + tomcat) == 10);
  CHECK(size(hikari, {{"SPRING_DATASOURCE_TOMCAT_MAX_ACTIVE", "5"}}) == 10);
  CHECK(size(tomcat, {{"SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", "10"}}) == 10);
  CHECK(size(tomcat, {{"SPRING_DATASOURCE_TOMCAT_MAX_ACTIVE", "6"}}) == 6);
  CHECK(size(tomcat + "spring.datasource.hikari.maximum-pool-size:\n") == 5);
  CHECK(has(warnings_of(tomcat + hikari),
            "service-config.yml:1: spring.datasource.tomcat.max-active: without effect, because "
            "spring.datasource.hikari.maximum-pool-size is set (service-config.yml:2)"));
  CHECK(errors_of(tomcat + tomcat).size() == 1);
}

TEST_CASE("an address to listen on is refused, unless it means all addresses") {
  for (const std::string key : {"server.address", "management.address"}) {
    for (const auto* all : {"0.0.0.0", "'::'", "'[::]'", "'*'"})
      CHECK(errors_of(key + ": " + all).empty());
    for (const auto* one : {"127.0.0.1", "localhost", "'::1'", "10.0.0.7"}) {
      const auto errors = errors_of(key + ": " + one);
      REQUIRE(errors.size() == 1);
      CHECK(mentions(errors, "not available in this release, and without it the "));
    }
  }
  CHECK(errors_of("", {{"SERVER_ADDRESS", "127.0.0.1"}}).size() == 1);
}

TEST_CASE("TLS on an own port is refused, however it is requested, and permitted to be off") {
  for (const std::string prefix : {"server.ssl", "management.ssl"}) {
    CHECK(errors_of(prefix + ".enabled: true").size() == 1);
    CHECK(errors_of(prefix + ".enabled: false").empty());
    for (const std::string key : {".key-store", ".certificate"}) {
      const auto errors = errors_of(prefix + key + ": /x/store");
      REQUIRE(errors.size() == 1);
      CHECK(mentions(errors, prefix + key + ": set, expected no certificate and no key store"));
      CHECK(errors_of(prefix + key + ": /x/store\n" + prefix + ".enabled: false").empty());
      CHECK(errors_of(prefix + key + ": ${NOTHING:}").empty());
    }
    CHECK(errors_of(prefix + ".key-store-password: secret").empty());
    CHECK_FALSE(mentions(warnings_of(prefix + ".key-store-password: hunter2"), "hunter2"));
  }
  CHECK(errors_of("", {{"SERVER_SSL_KEY_STORE", "/x/store"}}).size() == 1);
}
