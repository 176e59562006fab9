// The sources of values: default, file, environment, secret files.
#include "configuration_support.hpp"

using namespace configuration_test;
using cm::core::secret;
using namespace std::chrono_literals;

TEST_CASE("an empty file is a valid configuration with the defaults of the contract") {
  for (const auto* yaml : {"", "\n", "# nothing\n", "---\n", "{}\n", "~\n", "---\n...\n"}) {
    INFO(yaml);
    const auto s = settings_of(yaml);
    CHECK(s.instance_name == "cm");
    CHECK(s.server.port == 80);
    CHECK(s.management.port == 8080);
    CHECK(s.management.health_enabled);
    CHECK(s.management.info_enabled);
    CHECK(s.management.health_status_mapping == std::map<std::string, int>{{"UNKNOWN", 503}});
    CHECK(s.nats.urls == std::vector<std::string>{"nats://nats:4222"});
    CHECK(s.database.hosts == std::vector<cm::core::network_address>{{"mariadb", 3306}});
    CHECK(s.database.database == "cm");
    CHECK(s.database.pool_size == 8);
    CHECK(s.database.tls == cm::core::tls_mode::disabled);
    CHECK(s.license.path == "/run/license/license.p12");
    CHECK(s.license.check_interval == 1h);
    CHECK(s.license.grace_period == 0s);
    CHECK(s.credentials.token_length == 10);
    CHECK_FALSE(s.credentials.trustful);
    CHECK(s.credentials.ep_register_instance == "epr");
    CHECK(s.credentials.applications.empty());
    CHECK(s.credentials.cache_time_to_live == 10s);
    CHECK(s.credentials.provider_concurrency >= 1);
    CHECK(s.credentials.provider_queue_length == 4096);
    CHECK(s.credentials.revocations_retention == 7 * 24h);
    CHECK(s.credentials.audit_retention == 365 * 24h);
    CHECK_FALSE(s.tekton.enabled);
    CHECK(s.tekton.url == "http://tekton");
    CHECK(s.tekton.instance == "tekton");
    CHECK(s.logging.levels == std::map<std::string, std::string>{{"root", "info"}});
    CHECK(s.logging.format == cm::core::log_format::automatic);
    CHECK(s.logging.file.empty());
    CHECK(s.shutdown_timeout == 30s);
  }
}

TEST_CASE("the environment overrides the file, and the file overrides the default") {
  constexpr auto yaml = "server.port: 81\nmanagement.port: 82\n";
  const auto s = settings_of(yaml, {{"SERVER_PORT", "8181"}});
  CHECK(s.server.port == 8181);
  CHECK(s.management.port == 82);
  CHECK(s.credentials.token_length == 10);
}

TEST_CASE("a value in the file that the environment overrides is not checked") {
  CHECK(settings_of("server.port: ten", {{"SERVER_PORT", "8181"}}).server.port == 8181);
}

TEST_CASE("nested maps and dotted keys are equivalent, also mixed") {
  for (const auto* yaml : {"kaa.cm.ep-token.length: 12", "kaa:\n  cm:\n    ep-token:\n      length: 12",
                           "kaa.cm:\n  ep-token.length: 12", "kaa:\n  cm.ep-token:\n    length: 12",
                           "{kaa: {cm: {ep-token.length: 12}}}", "\"kaa.cm\":\n  'ep-token': {length: \"12\"}"}) {
    INFO(yaml);
    CHECK(settings_of(yaml).credentials.token_length == 12);
  }
}

TEST_CASE("case, dashes and underscores make no difference in a key of the file") {
  for (const auto* yaml : {"kaa.cm.epToken.length: 12", "kaa.cm.ep_token.length: 12", "KAA.CM.EP-TOKEN.LENGTH: 12"})
    CHECK(settings_of(yaml).credentials.token_length == 12);
  CHECK(settings_of("spring.datasource.hikari.maximumPoolSize: 3").database.pool_size == 3);
}

TEST_CASE("a key is bound to the variables with and without an underscore for each dash") {
  CHECK(settings_of("", {{"KAA_CM_EP_TOKEN_LENGTH", "12"}}).credentials.token_length == 12);
  CHECK(settings_of("", {{"KAA_CM_EPTOKEN_LENGTH", "12"}}).credentials.token_length == 12);
  CHECK(settings_of("", {{"NATS_URLS", "nats://a:1,tls://b"}}).nats.urls
        == std::vector<std::string>{"nats://a:1", "tls://b:4222"});
  CHECK(settings_of("", {{"SPRING_DATASOURCE_URL", "jdbc:mariadb://db/x"}}).database.database == "x");
}

TEST_CASE("both spellings of a variable may be set to the same value, but not to different values") {
  CHECK(settings_of("", {{"KAA_CM_EP_TOKEN_LENGTH", "12"}, {"KAA_CM_EPTOKEN_LENGTH", "12"}}).credentials.token_length
        == 12);
  CHECK(errors_of("", {{"KAA_CM_EP_TOKEN_LENGTH", "12"}, {"KAA_CM_EPTOKEN_LENGTH", "13"}})
        == lines{"environment KAA_CM_EPTOKEN_LENGTH: set to another value than KAA_CM_EP_TOKEN_LENGTH, which means the "
                 "same; expected one value"});
  CHECK(errors_of("", {{"MARIADB_USERNAME", "a"}, {"SPRING_DATASOURCE_USERNAME", "b"}}).size() == 1);
}

TEST_CASE("an empty variable and an empty value count as not set") {
  CHECK(settings_of("server.port: 81", {{"SERVER_PORT", ""}}).server.port == 81);
  CHECK(settings_of("server.port:").server.port == 80);
  CHECK(settings_of("server:\n  port: ''\n").server.port == 80);
  CHECK(settings_of("server.port: ${NOTHING:}").server.port == 80);
}

TEST_CASE("Tomcat's key is an alias of the pool size") {
  CHECK(settings_of("spring.datasource.tomcat.max-active: 5").database.pool_size == 5);
  CHECK(settings_of("", {{"SPRING_DATASOURCE_TOMCAT_MAX_ACTIVE", "5"}}).database.pool_size == 5);
  CHECK(settings_of("spring.datasource:\n  tomcat.max-active: 5\n  hikari.maximum-pool-size: 6\n").database.pool_size
        == 6);
}

TEST_CASE("the variables of the platform set their settings") {
  const auto s = settings_of("", {{"INSTANCE_NAME", "cm-a"},
                                  {"MARIADB_USERNAME", "mu"},
                                  {"MARIADB_PASSWORD", "mp"},
                                  {"NATS_USERNAME", "nu"},
                                  {"NATS_PASSWORD", "np"},
                                  {"KAA_LICENSE_CERT_PATH", "/l.p12"},
                                  {"KAA_CM_TOKEN_HASH_KEY", "hk"}});
  CHECK(s.instance_name == "cm-a");
  CHECK(s.database.username == "mu");
  CHECK(s.database.password == secret("mp"));
  CHECK(s.nats.username == "nu");
  CHECK(s.nats.password == secret("np"));
  CHECK(s.license.path == "/l.p12");
  CHECK(s.license.password == secret("license-pass"));
  CHECK(s.credentials.token_hash_key == secret("hk"));
}

TEST_CASE("a secret can come from a file, without one trailing line end") {
  const temporary_file plain("s3cret\n");
  const temporary_file windows("s3cret\r\n");
  const temporary_file twice("s3cret\n\n");
  const temporary_file none(" s3 cret");
  const auto password = [](const temporary_file& file) {
    return settings_of("", {{"MARIADB_PASSWORD_FILE", file.path()}}).database.password;
  };
  CHECK(password(plain) == secret("s3cret"));
  CHECK(password(windows) == secret("s3cret"));
  CHECK(password(twice) == secret("s3cret\n"));
  CHECK(password(none) == secret(" s3 cret"));
  CHECK(settings_of("", {{"KAA_CM_TOKEN_HASH_KEY_FILE", plain.path()}}).credentials.token_hash_key == secret("s3cret"));
  CHECK(settings_of("", {{"MARIADB_USERNAME_FILE", plain.path()}}).database.username == "s3cret");
  CHECK(configuration::load_text({{"KAA_LICENSE_CERT_PASSWORD_FILE", plain.path()}}, file_name, "").errors.empty());
}

TEST_CASE("both forms of a secret at once are an error") {
  const temporary_file file("x");
  const auto message = lines{"environment MARIADB_PASSWORD: set together with MARIADB_PASSWORD_FILE, expected one of "
                             "the two"};
  CHECK(errors_of("", {{"MARIADB_PASSWORD", "a"}, {"MARIADB_PASSWORD_FILE", file.path()}}) == message);
  CHECK(errors_of("", {{"SPRING_DATASOURCE_PASSWORD", "a"}, {"MARIADB_PASSWORD_FILE", file.path()}}).size() == 1);
}

TEST_CASE("a secret file that is missing, empty or larger than 64 KB is the only error of its key") {
  const temporary_file empty("\n");
  const temporary_file full(std::string(std::size_t{64} * 1024, 'x'));
  const temporary_file longer(std::string(std::size_t{64} * 1024 + 1, 'x'));
  const auto with = [](const std::string& path) {
    return rendered(configuration::load_text({{"KAA_LICENSE_CERT_PASSWORD_FILE", path}}, file_name, "").errors);
  };
  CHECK(with("/nowhere/s")
        == lines{"environment KAA_LICENSE_CERT_PASSWORD_FILE: \"/nowhere/s\" No such file or "
                 "directory, expected a readable file of at most 64KB"});
  CHECK(with(empty.path()).size() == 1);
  CHECK(with(longer.path()).size() == 1);
  CHECK(with(full.path()).empty());
  CHECK(with(std::filesystem::temp_directory_path().string()).size() == 1);
}

TEST_CASE("a secret or a login that ends with a newline causes a warning that names it and does not show it") {
  const auto message = ": the value ends with a newline, which counts as a part of it";
  for (const auto* name :
       {"KAA_LICENSE_CERT_PASSWORD", "MARIADB_PASSWORD", "NATS_PASSWORD", "KAA_CM_TOKEN_HASH_KEY",
        "JMX_MONITOR_USER_PASSWORD", "SPRING_DATASOURCE_PASSWORD", "MARIADB_USERNAME", "NATS_USERNAME"}) {
    INFO(name);
    const auto result = load("", {{name, "hunter2-hunter2-hunter2\n"}});
    CHECK(result.errors.empty());
    CHECK(has(rendered(result.warnings), std::string("environment ") + name + message));
    CHECK_FALSE(mentions(rendered(result.warnings), "hunter2"));
    CHECK_FALSE(mentions(warnings_of("", {{name, "hunter2-hunter2-hunter2"}}), message));
  }
  CHECK(settings_of("", {{"MARIADB_PASSWORD", "hunter2\n"}}).database.password == secret("hunter2\n"));
}

TEST_CASE("white space at the ends of a secret causes a warning, wherever the secret comes from") {
  CHECK(mentions(warnings_of("", {{"MARIADB_PASSWORD", "x "}}),
                 "environment MARIADB_PASSWORD: the value ends with white space"));
  CHECK(mentions(warnings_of("", {{"MARIADB_PASSWORD", " x"}}), "the value begins with white space"));
  CHECK(mentions(warnings_of("spring.datasource.password: ${FROM_ELSEWHERE}", {{"FROM_ELSEWHERE", "x\n"}}),
                 "service-config.yml:1: spring.datasource.password: the value ends with a newline"));
  const auto from_file = [](const char* content) {
    const temporary_file file(content);
    return warnings_of("", {{"MARIADB_PASSWORD_FILE", file.path()}});
  };
  CHECK_FALSE(mentions(from_file("x\n"), "the value"));
  CHECK_FALSE(mentions(from_file("x\r\n"), "the value"));
  CHECK(mentions(from_file("x\n\n"), "the value ends with a newline"));
  CHECK(mentions(from_file("x \n"), "the value ends with white space"));
  CHECK(mentions(from_file("\xEF\xBB\xBFx\n"), "the value begins with a byte order mark"));
}

TEST_CASE("a key that is no secret may end with a newline without a warning") {
  CHECK_FALSE(mentions(warnings_of("", {{"KAA_TEKTON_URL", "http://tekton\n"}}), "the value"));
}

TEST_CASE("variables of other programs are ignored") {
  const auto result = load("", {{"PATH", "/bin"},
                                {"NATS_PORT", "tcp://10.0.0.1:4222"},
                                {"NATS_SERVICE_HOST", "10.0.0.1"},
                                {"MARIADB_PORT_3306_TCP", "tcp://10.0.0.2:3306"},
                                {"KAA_CM_PORT", "tcp://10.0.0.3:80"},
                                {"SERVER", "x"},
                                {"LOGGING_LEVEL", "x"},
                                {"KAA_APPLICATIONS_A", "x"}});
  CHECK(result.errors.empty());
  CHECK(result.warnings == load("").warnings);
}

TEST_CASE("a port variable that Kubernetes made for a service is ignored with a warning") {
  const auto result = load("server.port: 81", {{"SERVER_PORT", "tcp://10.0.0.1:80"}});
  REQUIRE(result.value.has_value());
  CHECK(result.value->server.port == 81);
  CHECK(mentions(rendered(result.warnings), "environment SERVER_PORT: ignored"));
}

TEST_CASE("a variable that is similar to a known one causes a warning") {
  CHECK(has(warnings_of("", {{"KAA_CM_EP_TOKEN_LENGHT", "12"}}),
            "environment KAA_CM_EP_TOKEN_LENGHT: unknown variable; did you mean KAA_CM_EP_TOKEN_LENGTH?"));
  CHECK(mentions(warnings_of("", {{"MARIADB_PASWORD_FILE", "x"}}), "did you mean MARIADB_PASSWORD_FILE?"));
}

TEST_CASE("key families are bound to variables by their prefix") {
  const auto s = settings_of("logging.level.org.kaa: TRACE", {{"ENDPOINTS_HEALTH_MAPPING_OUT_OF_SERVICE", "OK"},
                                                              {"LOGGING_LEVEL_ROOT", "warn"},
                                                              {"LOGGING_LEVEL_ORG_KAA", "ERROR"}});
  CHECK(s.management.health_status_mapping == std::map<std::string, int>{{"UNKNOWN", 503}, {"OUT_OF_SERVICE", 200}});
  CHECK(s.logging.levels == std::map<std::string, std::string>{{"root", "warning"}, {"org.kaa", "error"}});
}

TEST_CASE("APP_CONFIG_PATH names the file") {
  const temporary_file file("server.port: 8123\n");
  const auto result = configuration::load(complete({{"APP_CONFIG_PATH", file.path()}}));
  REQUIRE(result.value.has_value());
  CHECK(result.value->server.port == 8123);
}

TEST_CASE("a missing file, a directory or a too large file is an error, and invalid variables are reported with it") {
  const auto load_file = [](const std::string& path) {
    return rendered(
      configuration::load(configuration::environment{{"APP_CONFIG_PATH", path}, {"SERVER_PORT", "0"}}).errors);
  };
  const auto missing = load_file("/nowhere/service-config.yml");
  REQUIRE(missing.size() == 2);
  CHECK(
    missing[0]
    == "/nowhere/service-config.yml: cannot be read: No such file or directory, expected a YAML file of at most 1MB "
       "(an empty one will do; APP_CONFIG_PATH names it)");
  CHECK(missing[1] == "environment SERVER_PORT: found \"0\", expected a port number from 1 to 65535");
  CHECK(load_file(std::filesystem::temp_directory_path().string()).size() == 2);
  const temporary_file large(std::string(std::size_t{1024} * 1024 + 1, '#'));
  CHECK(load_file(large.path()).size() == 2);
}

TEST_CASE("the environment of this process can be copied") {
  const auto process = configuration::environment::of_process();
  REQUIRE(process.find("PATH") != nullptr);
  CHECK(process.find("CM_NO_SUCH_VARIABLE") == nullptr);
}
