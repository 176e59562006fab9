// value_of(): a single value, for commands that need no other key.
#include "configuration_support.hpp"

using namespace configuration_test;
using cm::core::configuration::environment;
using cm::core::configuration::value_of;

TEST_CASE("value_of() returns the same value as load()") {
  const temporary_file file("management:\n  port: ${PORT:8181}\nserver.port: 81\n");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}}, "management.port") == "8181");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}, {"PORT", "82"}}, "management.port") == "82");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}, {"MANAGEMENT_PORT", "83"}}, "management.port") == "83");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}}, "server.port") == "81");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}}, "server.ssl.enabled") == "false");
}

TEST_CASE("value_of() ignores errors in other keys, and returns the default for an invalid value") {
  const temporary_file wrong("server.port: many\nmanagement.port: 8181\nno.such.key: 1\nkaa.cm.ep-token.length: ten\n");
  CHECK(value_of({{"APP_CONFIG_PATH", wrong.path()}}, "management.port") == "8181");
  CHECK(value_of({{"APP_CONFIG_PATH", wrong.path()}}, "server.port") == "80");
  const temporary_file broken("{");
  CHECK(value_of({{"APP_CONFIG_PATH", broken.path()}}, "management.port") == "8080");
  CHECK(value_of({{"APP_CONFIG_PATH", "/no/such/file"}}, "management.port") == "8080");
  CHECK(value_of({{"APP_CONFIG_PATH", "/no/such/file"}, {"MANAGEMENT_PORT", "8282"}}, "management.port") == "8282");
  CHECK(value_of({{"SERVER_PORT", "tcp://10.0.0.1:80"}}, "server.port") == "80");
}

TEST_CASE("value_of() does not return a secret through a placeholder") {
  const temporary_file file("kaa.tekton.url: http://${MARIADB_PASSWORD}\n");
  CHECK(value_of({{"APP_CONFIG_PATH", file.path()}, {"MARIADB_PASSWORD", "the-password"}}, "kaa.tekton.url")
        == "http://tekton");
}
