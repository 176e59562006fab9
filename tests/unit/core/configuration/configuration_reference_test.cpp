// The schema, the document that is generated from it, and the rendering of settings and problems.
#include "configuration_support.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/text.hpp"

#include <iterator>
#include <set>

using namespace configuration_test;

TEST_CASE("docs/configuration.md matches the schema") {
  std::ifstream file(CM_SOURCE_DIR "/docs/configuration.md", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  INFO("To generate it again: build the target cm_configuration_reference, then in the source folder "
       "build/<preset>/core/configuration/cm_configuration_reference > docs/configuration.md");
  CHECK((text == configuration::reference_markdown()));
}

TEST_CASE("every key and variable of the contract is in the schema, with its default") {
  using row = std::pair<std::string, std::string>;
  const std::vector<row> keys{{"server.port", "80"},
                              {"server.ssl.enabled", "false"},
                              {"server.ssl.certificate", ""},
                              {"server.ssl.certificate-private-key", ""},
                              {"server.ssl.trust-certificate", ""},
                              {"server.ssl.client-auth", "none"},
                              {"management.port", "8080"},
                              {"management.security.enabled", "false"},
                              {"endpoints.enabled", "true"},
                              {"endpoints.health.enabled", ""},
                              {"endpoints.info.enabled", ""},
                              {"endpoints.metrics.enabled", ""},
                              {"endpoints.prometheus.enabled", ""},
                              {"endpoints.health.mapping.UNKNOWN", ""},
                              {"nats.urls", "nats://nats:4222"},
                              {"nats.tls.ca", ""},
                              {"nats.tls.certificate", ""},
                              {"nats.tls.key", ""},
                              {"spring.datasource.url", "jdbc:mariadb://mariadb:3306/cm"},
                              {"spring.datasource.username", ""},
                              {"spring.datasource.password", ""},
                              {"spring.datasource.hikari.maximum-pool-size", "8"},
                              {"spring.datasource.tomcat.max-active", "8"},
                              {"kaa.cm.ep-token.length", "10"},
                              {"kaa.cm.ep-register.service-instance.name", "epr"},
                              {"kaa.cm.trustful", "false"},
                              {"kaa.applications.a.versions.v", ""},
                              {"kaa.cm.cache.time-to-live", "10s"},
                              {"kaa.cm.cache.max-size", ""},
                              {"kaa.cm.token-hash-key", ""},
                              {"kaa.cm.token-hash-key-previous", ""},
                              {"kaa.cm.revocations.retention", "7d"},
                              {"kaa.cm.audit.retention", "365d"},
                              {"management.console.enabled", "false"},
                              {"kaa.ecap.provider.concurrency", ""},
                              {"kaa.ecap.provider.queue-length", "4096"},
                              {"kaa.license.trusted-certificates", ""},
                              {"kaa.license.check-interval", "1h"},
                              {"kaa.license.grace-period", "0s"},
                              {"security.oauth2.resource-server.enabled", "false"},
                              {"security.oauth2.resource-server.base-url", ""},
                              {"security.oauth2.resource-server.realm", ""},
                              {"security.oauth2.resource-server.client-id", ""},
                              {"security.oauth2.resource-server.client-secret", ""},
                              {"security.oauth2.resource-server.issuer-uri", ""},
                              {"security.oauth2.resource-server.jwk-set-uri", ""},
                              {"security.oauth2.resource-server.audience", ""},
                              {"security.oauth2.resource-server.authorize", "true"},
                              {"security.oauth2.resource-server.scopes.endpoint:read", ""},
                              {"kaa.tekton.enabled", "false"},
                              {"kaa.tekton.url", "http://tekton"},
                              {"scmp.consumer.provider.service-instance.name", "tekton"},
                              {"logging.level.root", ""},
                              {"logging.format", ""},
                              {"logging.file", ""},
                              {"shutdown.timeout", "30s"}};
  for (const auto& [key, value] : keys) {
    INFO(key);
    const auto found = configuration::find_key(key);
    REQUIRE(found.has_value());
    CHECK(found->row->default_value == value);
  }
  std::set<std::string> variables;
  for (const auto* row : configuration::schema()) {
    for (const auto& name : configuration::variables_of(*row))
      variables.insert(name);
  }
  for (const auto* name : {"INSTANCE_NAME", "APP_CONFIG_PATH", "JMX_ENABLE", "JMX_PORT", "JMX_MONITOR_USER_PASSWORD",
                           "JAVA_OPTIONS", "NATS_USERNAME", "NATS_PASSWORD", "MARIADB_USERNAME", "MARIADB_PASSWORD",
                           "KAA_LICENSE_CERT_PATH", "KAA_LICENSE_CERT_PASSWORD"}) {
    INFO(name);
    CHECK(variables.contains(name));
  }
}

TEST_CASE("the rows of the schema are consistent: unique variables, valid defaults, a file variable for every secret") {
  std::set<std::string> variables;
  for (const auto* row : configuration::schema()) {
    INFO(configuration::name_of(*row));
    CHECK_FALSE(row->description.empty());
    CHECK_FALSE(row->group.empty());
    CHECK(row->masked <= row->file_variable);
    CHECK((row->family == configuration::wildcard::none) == row->wildcard_shape.empty());
    CHECK((row->availability == configuration::availability::later_refused) == !row->unsafe.empty());
    CHECK((row->availability != configuration::availability::now || row->apply != nullptr
           || configuration::name_of(*row) == "APP_CONFIG_PATH"));
    if (!row->default_value.empty())
      CHECK(configuration::parse_value(*row, row->default_value).has_value());
    for (const auto& name : configuration::variables_of(*row))
      CHECK(variables.insert(name).second);
  }
}

TEST_CASE("the description has every key with its value and origin") {
  const auto s = settings_of("server.port: 81\nlogging.level.nats: DEBUG\n",
                             {{"KAA_CM_EPTOKEN_LENGTH", "12"}, {"NATS_PASSWORD", "hunter2"}});
  const auto text = configuration::describe(s);
  const auto line = [&](std::string_view key) {
    for (const auto candidate : configuration::split(text, '\n')) {
      if (candidate.starts_with(std::string(key) + " = "))
        return std::string(candidate);
    }
    return std::string{};
  };
  const auto is = [&](std::string_view key, std::string_view value, std::string_view origin) {
    INFO(line(key));
    return line(key).starts_with(std::string(key) + " = " + std::string(value) + " ")
           && line(key).ends_with("# " + std::string(origin));
  };
  CHECK(is("server.port", "81", "service-config.yml:1"));
  CHECK(is("kaa.cm.ep-token.length", "12", "environment KAA_CM_EPTOKEN_LENGTH"));
  CHECK(is("nats.password", "******", "environment NATS_PASSWORD"));
  CHECK(is("management.port", "8080", "default"));
  CHECK(is("kaa.cm.cache.max-size", "350MB", "default"));
  CHECK(is("endpoints.health.enabled", "true", "default"));
  CHECK(is("logging.level.root", "INFO", "default"));
  CHECK(is("logging.level.nats", "DEBUG", "service-config.yml:2"));
  CHECK(is("spring.datasource.password", "(not set)", "default"));
  CHECK(is("INSTANCE_NAME", "cm", "default"));
}

TEST_CASE("a problem with any content is rendered as one line") {
  CHECK(configuration::render({"f:1", "k", "m"}) == "f:1: k: m");
  CHECK(configuration::render({"environment X", "", "m"}) == "environment X: m");
  CHECK(configuration::render({"f:1", "k", "a\nb\x1b[0m\x7f"}) == "f:1: k: a\\x0ab\\x1b[0m\\x7f");
  const std::string umlauts = "\xc3\xa4\xc3\xb6\xc3\xbc";
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += umlauts;
  CHECK(configuration::render({"x", "", many}) == "x: " + many);
  CHECK(errors_of("", {{"SERVER_PORT", std::string(500, '9') + "\n"}})
        == lines{"environment SERVER_PORT: found \"" + std::string(120, '9')
                 + "…\", expected a port number from 1 to 65535"});
}

TEST_CASE("the edit distance counts inserted, removed, replaced and swapped characters") {
  using configuration::edit_distance;
  CHECK(edit_distance("port", "port", 4) == 0);
  CHECK(edit_distance("prot", "port", 4) == 1);
  CHECK(edit_distance("prt", "port", 4) == 1);
  CHECK(edit_distance("porty", "port", 4) == 1);
  CHECK(edit_distance("pert", "port", 4) == 1);
  CHECK(edit_distance("", "port", 4) == 4);
  CHECK(edit_distance("abcdef", "uvwxyz", 4) == 5);
}
