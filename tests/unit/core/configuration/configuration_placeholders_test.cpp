// ${NAME} and ${NAME:default} in values.
#include "configuration_support.hpp"

using namespace configuration_test;

TEST_CASE("a placeholder is replaced by a variable, else a key, else its default") {
  CHECK(settings_of("server.port: ${PORT}", {{"PORT", "81"}}).server.port == 81);
  CHECK(settings_of("server.port: ${PORT:82}").server.port == 82);
  CHECK(settings_of("server.port: ${PORT:82}", {{"PORT", "81"}}).server.port == 81);
  CHECK(settings_of("my.port: 83\nserver.port: ${my.port}").server.port == 83);
  CHECK(settings_of("my.port: 83\nserver.port: ${my.port}", {{"my.port", "84"}}).server.port == 84);
  CHECK(settings_of("kaa.cm.ep-token.length: ${kaa.ecap.provider.queueLength}\nkaa.ecap.provider.queue-length: 9")
          .credentials.token_length
        == 9);
}

TEST_CASE("a key in a placeholder has its effective value, which may be its default") {
  CHECK(
    settings_of("nats.urls: nats://${INSTANCE_NAME:x}-nats:${management.port}", {{"MANAGEMENT_PORT", "9"}}).nats.urls
    == std::vector<std::string>{"nats://x-nats:9"});
  CHECK(settings_of("nats.urls: nats://n:${management.port}").nats.urls == std::vector<std::string>{"nats://n:8080"});
}

TEST_CASE("a value may have several placeholders, and defaults may contain placeholders") {
  CHECK(settings_of("spring.datasource.url: 'jdbc:mariadb://${H:db}:${P:${Q:33}06}/${D:cm}'").database.hosts
        == std::vector<cm::core::network_address>{{"db", 3306}});
  CHECK(settings_of("server.port: ${A:${B:${C:85}}}").server.port == 85);
  CHECK(settings_of("server.port: ${A:${B}}", {{"A", "86"}}).server.port == 86);
  CHECK(settings_of("server.port: ${A_${W}}", {{"W", "X"}, {"A_X", "87"}}).server.port == 87);
  CHECK(settings_of("nats.urls: ${U:nats://a:1}").nats.urls == std::vector<std::string>{"nats://a:1"});
}

TEST_CASE("placeholders in the values of variables are replaced too") {
  CHECK(settings_of("", {{"SERVER_PORT", "${P}"}, {"P", "88"}}).server.port == 88);
  CHECK(settings_of("server.port: ${Q}", {{"Q", "${P}"}, {"P", "88"}}).server.port == 88);
}

TEST_CASE("a placeholder without a value is an error that names it") {
  CHECK(
    errors_of("\nserver.port: ${PORT}")
    == lines{"service-config.yml:2: server.port: found the placeholder ${PORT}, expected the name of an environment "
             "variable or key that is set, or ${NAME:default}"});
  CHECK(mentions(errors_of("", {{"SERVER_PORT", "${NO}"}}), "environment SERVER_PORT: found the placeholder ${NO}"));
  CHECK(mentions(errors_of("server.port: ${PORT"), "without its closing brace"));
}

TEST_CASE("a cycle of placeholders is an error") {
  CHECK(mentions(errors_of("server.port: ${server.port}"), "leads back to itself"));
  CHECK(mentions(errors_of("a: ${b}\nb: ${c}\nc: ${a}\nserver.port: ${a}"), "leads back to itself"));
  CHECK(mentions(errors_of("", {{"SERVER_PORT", "${X}"}, {"X", "${Y}"}, {"Y", "${X}"}}), "leads back to itself"));
}

TEST_CASE("the expansion of placeholders is bounded") {
  for (const std::string first : {"aaaaaaaaaa", "${NOTHING:}"}) {
    std::string yaml = "x0: " + first + "\n";
    for (int i = 1; i < 20; ++i) {
      const auto before = "${x" + std::to_string(i - 1) + "}";
      yaml.append("x").append(std::to_string(i)).append(": ").append(before).append(before).append("\n");
    }
    CHECK(errors_of(yaml + "logging.file: ${x19}\n").size() == 1);
  }
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "${A" + std::to_string(i) + ":";
  CHECK(errors_of("logging.file: \"" + deep + std::string(100, '}') + "\"").size() == 1);
  CHECK(errors_of("logging.file: ${L}${L}${L}", {{"L", std::string(30'000, 'x')}}).size() == 1);
}

TEST_CASE("a key that a placeholder uses is not reported as unknown") {
  CHECK_FALSE(mentions(warnings_of("my.port: 83\nserver.port: ${my.port}"), "my.port"));
  CHECK(mentions(warnings_of("my.port: 83\n"), "my.port: unknown key"));
}

TEST_CASE("placeholders in secrets from the environment and from files are not replaced") {
  CHECK(settings_of("", {{"NATS_PASSWORD", "a${b}c"}}).nats.password == cm::core::secret("a${b}c"));
  CHECK(settings_of("nats.password: ${MY_PASSWORD}", {{"MY_PASSWORD", "a${b}c"}}).nats.password
        == cm::core::secret("a${b}c"));
  const temporary_file file("a${b}c\n");
  CHECK(settings_of("", {{"NATS_PASSWORD_FILE", file.path()}}).nats.password == cm::core::secret("a${b}c"));
}

TEST_CASE("a value that contains a secret through a placeholder is not shown") {
  const auto errors = errors_of("server.port: ${MY_PASSWORD}\nmanagement.port: ${nats.password}",
                                {{"MY_PASSWORD", "hunter2"}, {"NATS_PASSWORD", "hunter3"}});
  CHECK(errors.size() == 2);
  CHECK(mentions(errors, "server.port: found a value that is not shown, expected a port number"));
  CHECK_FALSE(mentions(errors, "hunter"));
  const auto s = settings_of("logging.file: /x/${MY_PASSWORD}", {{"MY_PASSWORD", "hunter2"}});
  CHECK(s.logging.file == "/x/hunter2");
  CHECK(configuration::describe(s).find("hunter2") == std::string::npos);
}
