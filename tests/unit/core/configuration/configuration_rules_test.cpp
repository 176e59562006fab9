// Rules between keys, keys that are not available yet, and masking of secrets.
#include "configuration_support.hpp"
#include "core/configuration/schema.hpp"

#include <set>

using namespace configuration_test;

TEST_CASE("a missing license password is an error") {
  CHECK(rendered(configuration::load_text({}, file_name, "").errors)
        == lines{"environment KAA_LICENSE_CERT_PASSWORD: not set, expected the password of the license file (or "
                 "KAA_LICENSE_CERT_PASSWORD_FILE)"});
}

TEST_CASE("a missing password of the monitoring agent is an error") {
  CHECK(errors_of("", {{"JMX_ENABLE", "true"}})
        == lines{"environment JMX_MONITOR_USER_PASSWORD: not set, expected a password, because JMX_ENABLE is true"});
  const auto result = load("", {{"JMX_ENABLE", "true"}, {"JMX_MONITOR_USER_PASSWORD", "hunter2"}});
  CHECK(result.errors.empty());
  CHECK_FALSE(mentions(rendered(result.warnings), "JMX_"));
  REQUIRE(result.value.has_value());
  CHECK(result.value->agent.enabled);
  CHECK(result.value->agent.port == 10500);
  CHECK(result.value->agent.password == cm::core::secret{"hunter2"});
  CHECK(errors_of("", {{"JMX_ENABLE", "false"}}).empty());
}

TEST_CASE("the two ports must differ") {
  CHECK(errors_of("server.port: 8080")
        == lines{"service-config.yml:1: management.port: found 8080, which is server.port too, expected two different "
                 "ports"});
  CHECK(errors_of("server.port: 81\nmanagement.port: 81").size() == 1);
}

TEST_CASE("a NATS client certificate without its key, or the reverse, is an error") {
  const temporary_file pem("x");
  CHECK(errors_of("nats.tls.certificate: " + pem.path())
        == lines{"service-config.yml:1: nats.tls.certificate: found without nats.tls.key, expected both or none"});
  CHECK(errors_of("nats.tls.key: " + pem.path()).size() == 1);
  CHECK(errors_of("nats.tls: {certificate: " + pem.path() + ", key: " + pem.path() + "}").empty());
  CHECK(errors_of("nats.tls: {certificate: " + pem.path() + ", key: /nowhere}").size() == 1);
}

TEST_CASE("the switch of one management endpoint overrides the switch of all") {
  const auto s = settings_of("endpoints.health.enabled: true\nendpoints.enabled: false\n");
  CHECK(s.management.health_enabled);
  CHECK_FALSE(s.management.info_enabled);
  CHECK_FALSE(s.management.metrics_enabled);
  CHECK_FALSE(s.management.prometheus_enabled);
}

TEST_CASE("a missing or short token hash key is a warning") {
  CHECK(has(warnings_of(""), "default: kaa.cm.token-hash-key: not set: token values are stored as plain SHA-256"));
  CHECK(mentions(warnings_of("", {{"KAA_CM_TOKEN_HASH_KEY", "short"}}), "shorter than 16 bytes"));
  CHECK_FALSE(mentions(warnings_of("", {{"KAA_CM_TOKEN_HASH_KEY", "0123456789abcdef"}}), "token-hash-key"));
}

TEST_CASE("an open REST API, a missing database user name and a cache larger than the budget are warnings") {
  CHECK(mentions(warnings_of(""), "the REST API answers everybody"));
  CHECK(mentions(warnings_of(""), "environment MARIADB_USERNAME: not set"));
  CHECK_FALSE(mentions(warnings_of("", {{"MARIADB_USERNAME", "cm"}}), "MARIADB_USERNAME"));
  CHECK_FALSE(mentions(warnings_of("kaa.cm.cache.max-size: 2MB", {{"JAVA_OPTIONS", "-Xmx2m"}}), "memory budget"));
  CHECK(mentions(warnings_of("kaa.cm.cache.max-size: 3MB", {{"JAVA_OPTIONS", "-Xmx2m"}}),
                 "more than the memory budget of 2MB"));
}

TEST_CASE("a login in the file is a warning, unless it is a placeholder") {
  const auto warnings = warnings_of("spring.datasource:\n  username: joe\n  password: hunter2\n");
  CHECK(has(warnings,
            "service-config.yml:2: spring.datasource.username: belongs in the environment, not in the file: use "
            "MARIADB_USERNAME or MARIADB_USERNAME_FILE"));
  CHECK(mentions(warnings, "spring.datasource.password: belongs in the environment"));
  CHECK_FALSE(mentions(warnings, "hunter2"));
  CHECK_FALSE(mentions(warnings_of("spring.datasource.username: ${U}", {{"U", "joe"}}), "not in the file"));
}

TEST_CASE("a security feature that is not available yet is an error if it is requested") {
  CHECK(errors_of("security.oauth2.resource-server.enabled: true")
        == lines{"service-config.yml:1: security.oauth2.resource-server.enabled: found \"true\", expected false: not "
                 "available in this release, and without it the REST API would answer everybody"});
  CHECK(errors_of("", {{"MANAGEMENT_SECURITY_ENABLED", "yes"}}).size() == 1);
  CHECK(errors_of("server.ssl.enabled: on").size() == 1);
  CHECK(errors_of("server.ssl.enabled: false\nmanagement.security.enabled: off\n"
                  "security.oauth2.resource-server.enabled: no\n")
          .empty());
}

TEST_CASE("a requested feature that is not available yet is a warning, and settings may keep its value") {
  const auto result = load("management.console.enabled: true\n"
                           "server.ssl.trust-certificate: /x.pem\n"
                           "security.oauth2.resource-server.scopes.endpoint:read: read\n"
                           "kaa.cm.token-hash-key-previous: hunter2\n");
  CHECK(result.errors.empty());
  REQUIRE(result.value.has_value());
  const auto warnings = rendered(result.warnings);
  for (const auto* key : {"console.enabled", "ssl.trust-certificate", "scopes.endpoint:read"})
    CHECK(mentions(warnings, std::string(key) + ": found \""));
  CHECK(mentions(warnings, "token-hash-key-previous: found a value that is not shown: not available"));
  CHECK_FALSE(mentions(warnings, "hunter2"));
}

TEST_CASE("the cache is available without a warning") {
  const auto result = load("kaa.cm.cache.time-to-live: 5s\nkaa.cm.cache.max-size: 1MB\n");
  REQUIRE(result.value.has_value());
  CHECK(result.value->credentials.cache_time_to_live == std::chrono::seconds{5});
  CHECK(result.value->credentials.cache_max_bytes == 1'048'576);
  CHECK_FALSE(mentions(rendered(result.warnings), "cache."));
}

TEST_CASE("trustful mode, Tekton, unregistered endpoints and retention are available without a warning") {
  const auto before = warnings_of("");
  const auto result =
    load("kaa.cm:\n  trustful: true\n  ep-register.service-instance.name: epr2\n  audit.retention: 30d\n"
         "  revocations.retention: 1d\nkaa.tekton:\n  enabled: true\n  url: http://tekton2:8080/x\n"
         "scmp.consumer.provider.service-instance.name: tekton2\n");
  CHECK(result.errors.empty());
  CHECK(rendered(result.warnings) == before);
  REQUIRE(result.value.has_value());
  CHECK(result.value->credentials.trustful);
  CHECK(result.value->credentials.ep_register_instance == "epr2");
  CHECK(result.value->credentials.audit_retention == std::chrono::hours{30 * 24});
  CHECK(result.value->credentials.revocations_retention == std::chrono::hours{24});
  CHECK(result.value->tekton.enabled);
  CHECK(result.value->tekton.url == "http://tekton2:8080/x");
  CHECK(result.value->tekton.instance == "tekton2");
}

TEST_CASE("a feature that is not available yet is no warning if it has its default") {
  const auto before = warnings_of("");
  CHECK(
    warnings_of("kaa.cm.cache.time-to-live: 10000ms\nmanagement.console.enabled: false\nserver.ssl.client-auth: NONE\n")
    == before);
}

TEST_CASE("errors, warnings and the description never contain the secret of any key") {
  const std::string value = "hunter2";
  for (const auto* row : configuration::schema()) {
    if (!row->masked)
      continue;
    const auto names = configuration::variables_of(*row);
    INFO(names.front());
    for (const auto& text : {value, value + std::string(1, '\0')}) {
      auto result = load("", {{names.front(), text}, {"SERVER_PORT", "0"}});
      CHECK_FALSE(mentions(rendered(result.errors), value));
      CHECK_FALSE(mentions(rendered(result.warnings), value));
    }
    const auto good = load("", {{names.front(), value}});
    REQUIRE(good.value.has_value());
    CHECK(configuration::describe(*good.value).find(value) == std::string::npos);
    CHECK(configuration::describe(*good.value).find("******") != std::string::npos);
    if (!row->key.empty()) {
      const auto in_file = load(std::string(row->key) + ": " + value + "\n" + std::string(row->key) + ": other\n");
      CHECK(in_file.errors.size() == 1);
      CHECK_FALSE(mentions(rendered(in_file.errors), value));
      CHECK_FALSE(mentions(rendered(load(std::string(row->key) + ": [" + value + "]").errors), value));
    }
  }
}
