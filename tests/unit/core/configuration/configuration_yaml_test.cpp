// The YAML file: accepted and refused syntax, and the positions in messages.
#include "configuration_support.hpp"
#include "core/configuration/yaml_file.hpp"

using namespace configuration_test;
using kind = configuration::file_entry::kind;

TEST_CASE("all invalid values are reported at once, each with its file, line and key") {
  CHECK(errors_of("server:\n  port: 70000\n\nkaa.cm:\n  ep-token:\n    length: ten\n", {{"MANAGEMENT_PORT", "x"}})
        == lines{"service-config.yml:2: server.port: found \"70000\", expected a port number from 1 to 65535",
                 "service-config.yml:6: kaa.cm.ep-token.length: found \"ten\", expected a whole number from 8 to 255",
                 "environment MANAGEMENT_PORT: found \"x\", expected a port number from 1 to 65535"});
}

TEST_CASE("invalid YAML is reported with line, column and reason") {
  const auto errors = errors_of("server:\n  port: 80\n  ssl: [a, b\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].find("service-config.yml:4:1: not valid YAML: end of sequence flow not found") == 0);
  for (const auto* wrong : {"a: b: c", "\ta: b", "a: \"x", "a: b\n c: d\n  e", "a: 'x", "{a: b", "a: !<x"}) {
    INFO(wrong);
    CHECK(errors_of(wrong).size() == 1);
  }
}

TEST_CASE("after a YAML error, only errors of the environment are reported in addition") {
  CHECK(errors_of("server.port: 70000\na: [", {{"SERVER_PORT", "0"}}).size() == 2);
}

TEST_CASE("anchors, aliases and tags are refused, also if they would expand endlessly") {
  CHECK(errors_of("a: &x 1\nb: *x\n") == lines{"service-config.yml:1:4: anchors (&name) are not supported"});
  CHECK(mentions(errors_of("a: &x [1]\nb: [*x, *x]"), "anchors (&name)"));
  CHECK(mentions(errors_of("a: !secret 1"), "tags (!name) are not supported"));
  CHECK(settings_of("server.port: !!int 81").server.port == 81);
  CHECK(settings_of("server.port: !!str 81").server.port == 81);
}

TEST_CASE("depth and the length of a key are bounded") {
  const auto nested = [](std::size_t depth) {
    std::string yaml;
    for (std::size_t i = 0; i < depth; ++i)
      yaml += std::string(i, ' ') + "a:\n";
    return yaml;
  };
  CHECK(errors_of(nested(32)).empty());
  CHECK(mentions(errors_of(nested(33)), "more than 32 levels"));
  CHECK(errors_of(std::string(100'000, '[')).size() == 1);
  CHECK(mentions(errors_of("a: " + std::string(100'000, '[')), "more than 32 levels"));
  CHECK(errors_of(std::string(512, 'k') + ": 1").empty());
  CHECK(mentions(errors_of(std::string(513, 'k') + ": 1"), "not be longer than 512 bytes"));
}

TEST_CASE("the text is UTF-8 without control characters") {
  CHECK(errors_of("a: 1\nb: \x04 2\n")
        == lines{"service-config.yml:2:4: found a control character, expected YAML text"});
  CHECK(errors_of("a: 1\nb: \xff\n")
        == lines{"service-config.yml:2: found bytes that are not UTF-8, expected YAML text"});
  CHECK(errors_of(std::string_view("a: \0", 4)).size() == 1);
  CHECK(settings_of("\xef\xbb\xbfserver.port: 81\r\nmanagement.port: 82\r\n").server.port == 81);
}

TEST_CASE("the document must be one map with scalar keys") {
  CHECK(mentions(errors_of("80"), "found plain text, expected keys with values"));
  CHECK(mentions(errors_of("- a"), "found a list, expected keys with values"));
  CHECK(mentions(errors_of("? [a]\n: b"), "a key must be plain text"));
  CHECK(mentions(errors_of("~: b"), "a key must not be empty"));
  CHECK(mentions(errors_of("'': b"), "a key must not be empty"));
  CHECK(errors_of("{server.port: 81}\n{server.port: 82}\n")
        == lines{"service-config.yml:2:1: found text after the end of the YAML document, expected --- before the next "
                 "one"});
  for (const auto* wrong : {"server.port: 81\n, x", "server.port: 81\n]", ", x: 1", "}", "a: 1\n---\n, x"}) {
    INFO(wrong);
    CHECK(errors_of(wrong).size() == 1);
  }
  CHECK(settings_of("server.port: 81\n---\n").server.port == 81);
  CHECK(settings_of("server.port: 81\n---\n---\n").server.port == 81);
  std::string many;
  for (int i = 0; i < 70; ++i)
    many += "---\na: 1\n";
  CHECK(mentions(errors_of(many), "more than 64 YAML documents"));
}

TEST_CASE("a duplicate key is an error that names both lines") {
  CHECK(errors_of("server.port: 81\nmanagement.port: 82\nserver.port: 83\n")
        == lines{"service-config.yml:3: server.port: found twice, first in line 1, expected once"});
  CHECK(errors_of("server:\n  port: 81\nserver.port: 81\n")
        == lines{"service-config.yml:3: server.port: found twice, first in line 2, expected once"});
  CHECK(errors_of("kaa.cm.ep-token.length: 9\nkaa.cm.epToken.length: 9\n").size() == 1);
  CHECK(errors_of("x.y: 1\nx.y: 1\n").size() == 1);
  CHECK(errors_of("server:\n  port: 81\nkaa:\nserver:\n  ssl.enabled: false\n")
        == lines{"service-config.yml:4: server: found twice, first in line 1, expected once"});
  CHECK(errors_of("server:\n  port: 81\nserver.ssl:\n  enabled: false\n").empty());
}

TEST_CASE("a value in place of nested keys and a list in place of a value are errors") {
  CHECK(errors_of("server: 80") == lines{"service-config.yml:1: server: found a value, expected keys below this one"});
  CHECK(errors_of("server.port: [80]")
        == lines{"service-config.yml:1: server.port: found a list, expected a port number from 1 to 65535"});
  CHECK(errors_of("nats.urls:\n  - [nats://a]\n")
        == lines{"service-config.yml:1: nats.urls: found a list, expected URLs"});
  CHECK(errors_of("nats.urls:\n  - a: b\n").size() == 1);
  CHECK(errors_of("server:\nkaa: {}\n").empty());
}

TEST_CASE("an unknown key is a warning with its line and the most similar known key") {
  CHECK(has(warnings_of("server:\n  prot: 80\n"),
            "service-config.yml:2: server.prot: unknown key; did you mean server.port?"));
  CHECK(mentions(warnings_of("nats.url: nats://a"), "did you mean nats.urls?"));
  CHECK(mentions(warnings_of("kaa.cm.ep-token.lenght: 9"), "did you mean kaa.cm.ep-token.length?"));
  CHECK(mentions(warnings_of("ep-token.length: 9"), "did you mean kaa.cm.ep-token.length?"));
  CHECK(mentions(warnings_of("loging.level.nats: INFO"), "did you mean logging.level.nats?"));
  CHECK(has(warnings_of("totally.different.thing: 1"), "service-config.yml:1: totally.different.thing: unknown key"));
}

TEST_CASE("the number of warnings about unknown keys is bounded") {
  std::string yaml;
  for (int i = 0; i < 5000; ++i)
    yaml += "k" + std::to_string(i) + ": 1\n";
  CHECK(warnings_of(yaml).size() < 110);
}

TEST_CASE("the reader returns shape and line of every entry") {
  const auto file = configuration::read_yaml("f", "a:\n  b: 1\n  c:\n    - x\n    - y\nd: ~\ne: {}\nf: [[1]]\n");
  CHECK(file.errors.empty());
  REQUIRE(file.entries.size() == 5);
  CHECK(file.entries[0].key == "a.b");
  CHECK(file.entries[0].line == 2);
  CHECK(file.entries[0].text == "1");
  CHECK(file.entries[1].key == "a.c");
  CHECK(file.entries[1].shape == kind::list);
  CHECK(file.entries[1].text == "x,y");
  CHECK(file.entries[1].line == 3);
  CHECK(file.entries[2].shape == kind::nothing);
  CHECK(file.entries[3].shape == kind::nothing);
  CHECK(file.entries[3].key == "e");
  CHECK(file.entries[4].shape == kind::nested);
}
