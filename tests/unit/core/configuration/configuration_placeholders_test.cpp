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

TEST_CASE("a name in a placeholder finds a variable by Spring's relaxed binding") {
  const std::string url = "spring.datasource.url: 'jdbc:mariadb://${mariadb.host:mariadb}:${mariadb.port:3306}/cm'";
  const auto hosts = [&](variables set) { return settings_of(url, std::move(set)).database.hosts; };
  using addresses = std::vector<cm::core::network_address>;
  CHECK(hosts({}) == addresses{{"mariadb", 3306}});
  CHECK(hosts({{"MARIADB_HOST", "db"}, {"MARIADB_PORT", "3307"}}) == addresses{{"db", 3307}});
  CHECK(hosts({{"mariadb_host", "db"}}) == addresses{{"db", 3306}});
  CHECK(hosts({{"MARIADB.HOST", "db"}}) == addresses{{"db", 3306}});
  // Exactly the name comes first, and an empty variable counts as not set.
  CHECK(hosts({{"mariadb.host", "exact"}, {"MARIADB_HOST", "db"}}) == addresses{{"exact", 3306}});
  CHECK(hosts({{"MARIADB_HOST", ""}}) == addresses{{"mariadb", 3306}});
  // The description of a service by Kubernetes is no port.
  CHECK(hosts({{"MARIADB_PORT", "tcp://10.0.0.1:3306"}}) == addresses{{"mariadb", 3306}});
}

TEST_CASE("relaxed names of variables have dashes, upper case and indices in Spring's spellings") {
  const auto port = [](const std::string& name, const std::string& variable) {
    return settings_of("server.port: ${" + name + ":80}", {{variable, "81"}}).server.port;
  };
  CHECK(port("my.rest-port", "MY_REST_PORT") == 81);
  CHECK(port("my.rest-port", "MY_RESTPORT") == 81);
  CHECK(port("my.rest-port", "my_rest_port") == 81);
  CHECK(port("my.rest-port", "my_rest-port") == 81);
  CHECK(port("my.rest-port", "MY.REST_PORT") == 81);
  CHECK(port("my.ports[0]", "MY_PORTS_0") == 81);
  CHECK(port("rest", "REST") == 81);
  CHECK(port("my.rest-port", "MY_REST") == 80);
  CHECK(port("REST", "rest") == 80);
}

TEST_CASE("the environment overrides a key of the file that a placeholder names") {
  const std::string yaml = "mariadb.host: from-file\nspring.datasource.url: jdbc:mariadb://${mariadb.host:x}/cm";
  CHECK(settings_of(yaml).database.hosts.at(0).host == "from-file");
  CHECK(settings_of(yaml, {{"MARIADB_HOST", "db"}}).database.hosts.at(0).host == "db");
  CHECK(
    settings_of("my:\n  dbHost: a\nspring.datasource.url: jdbc:mariadb://${my.db-host}/cm").database.hosts.at(0).host
    == "a");
  CHECK_FALSE(mentions(warnings_of("my.dbHost: a\nlogging.file: ${my.db-host}"), "unknown key"));
}

TEST_CASE("a key of the schema keeps its own rules in a placeholder") {
  CHECK(settings_of("nats.urls: nats://n:${server.port}", {{"SERVER_PORT", "tcp://10.0.0.1:80"}}).nats.urls
        == std::vector<std::string>{"nats://n:80"});
  const temporary_file file("hunter2\n");
  const auto s = settings_of("logging.file: /x/${nats.password}", {{"NATS_PASSWORD_FILE", file.path()}});
  CHECK(s.logging.file == "/x/hunter2");
}

TEST_CASE("a secret that a relaxed name finds is neither expanded nor shown") {
  const auto s = settings_of("logging.file: /x/${my.db-password}", {{"MY_DB_PASSWORD", "hunter2${y}"}});
  CHECK(s.logging.file == "/x/hunter2${y}");
  CHECK(configuration::describe(s).find("hunter2") == std::string::npos);
}

TEST_CASE("defaults may contain colons and braces, and a nested placeholder may hold name and default") {
  CHECK(settings_of("logging.file: '${F:/a:b:c}'").logging.file == "/a:b:c");
  CHECK(settings_of("logging.file: '${F:}x'").logging.file == "x");
  CHECK(settings_of("logging.file: '${F:{a:{b}}}!'").logging.file == "{a:{b}}!");
  CHECK(settings_of("logging.file: '${F:${G:/x:y}}'").logging.file == "/x:y");
  CHECK(settings_of("logging.file: '${${N}}'", {{"N", "F:/x:y"}}).logging.file == "/x:y");
  CHECK(settings_of("logging.file: '${${N}:/z}'", {{"N", "F:/x"}}).logging.file == "/x:/z");
  CHECK(settings_of("logging.file: '${${N}:/z}'", {{"N", "F"}, {"F", "/f"}}).logging.file == "/f");
  CHECK(
    settings_of("spring.datasource.url: ${db.url:jdbc:mariadb://${db.host:a}:${db.port:3307}/cm}", {{"DB_HOST", "b"}})
      .database.hosts
    == std::vector<cm::core::network_address>{{"b", 3307}});
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
