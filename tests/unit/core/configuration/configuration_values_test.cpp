// Each type of value: accepted values, refused values, and error messages.
#include "configuration_support.hpp"

using namespace configuration_test;
using namespace std::chrono_literals;

namespace {

lines refused(const std::string& key, const std::string& value, const std::string& expectation) {
  return {"service-config.yml:1: " + key + ": found \"" + value + "\", expected " + expectation};
}

} // namespace

TEST_CASE("a port is a number from 1 to 65535") {
  CHECK(settings_of("server.port: 1").server.port == 1);
  CHECK(settings_of("server.port: 65535").server.port == 65535);
  CHECK(settings_of("server.port: \" 81 \"").server.port == 81);
  for (const std::string wrong : {"0", "65536", "70000", "-1", "80.0", "0x50", "080", "eighty", "99999999999999999999"})
    CHECK(errors_of("server.port: " + wrong) == refused("server.port", wrong, "a port number from 1 to 65535"));
}

TEST_CASE("a switch is true, yes, on, 1 or false, no, off, 0 in any case") {
  for (const std::string yes : {"true", "TRUE", "Yes", "on", "1"})
    CHECK(settings_of("endpoints: {enabled: false, info.enabled: " + yes + "}").management.info_enabled);
  for (const std::string no : {"false", "False", "no", "OFF", "0"})
    CHECK_FALSE(settings_of("endpoints.info.enabled: " + no).management.info_enabled);
  CHECK(errors_of("endpoints.info.enabled: maybe") == refused("endpoints.info.enabled", "maybe", "true or false"));
}

TEST_CASE("numbers are bounded") {
  CHECK(settings_of("kaa.cm.ep-token.length: 8").credentials.token_length == 8);
  CHECK(settings_of("kaa.cm.ep-token.length: 255").credentials.token_length == 255);
  for (const std::string wrong : {"7", "256", "ten", "1_0", "010", "+9", "10s"})
    CHECK(errors_of("kaa.cm.ep-token.length: " + wrong)
          == refused("kaa.cm.ep-token.length", wrong, "a whole number from 8 to 255"));
}

TEST_CASE("a duration has a unit, or is a number of seconds") {
  const auto read = [](const std::string& text) {
    return settings_of("kaa.cm.cache.time-to-live: " + text).credentials.cache_time_to_live;
  };
  CHECK(read("500ms") == 500ms);
  CHECK(read("10s") == 10s);
  CHECK(read("5m") == 5min);
  CHECK(read("1h") == 1h);
  CHECK(read("1d") == 24h);
  CHECK(read("0") == 0s);
  CHECK(read("15") == 15s);
  for (const std::string wrong :
       {"-1s", "10 s", "1.5s", "10sec", "S", "2d", "99999999999999999999s", "9223372036854775807d"})
    CHECK(
      errors_of("kaa.cm.cache.time-to-live: " + wrong)
      == refused("kaa.cm.cache.time-to-live", wrong, "a duration from 0s to 1d, written as 500ms, 10s, 5m, 1h or 7d"));
}

TEST_CASE("a size has a unit of 1024 bytes and its powers, or is a number of bytes") {
  const auto read = [](const std::string& text) {
    return settings_of("kaa.cm.cache.max-size: " + text).credentials.cache_max_bytes;
  };
  CHECK(read("64MB") == std::size_t{64} * 1024 * 1024);
  CHECK(read("512KB") == std::size_t{512} * 1024);
  CHECK(read("1gb") == std::size_t{1024} * 1024 * 1024);
  CHECK(read("4096") == 4096);
  CHECK(read("4096B") == 4096);
  for (const std::string wrong : {"64 MB", "-1", "1023", "64M", "many", "17179869185GB", "2048GB"})
    CHECK(errors_of("kaa.cm.cache.max-size: " + wrong)
          == refused("kaa.cm.cache.max-size", wrong,
                     "a size from 1KB to 1024GB, written as 512KB, 64MB, 1GB or a number of bytes"));
}

TEST_CASE("NATS URLs are separated by commas or a list, and have a default port") {
  const std::vector<std::string> both{"nats://a:4222", "tls://b.example:4333"};
  CHECK(settings_of("nats.urls: nats://a,tls://b.example:4333").nats.urls == both);
  CHECK(settings_of("nats.urls: \" nats://a/ , TLS://b.example:4333 \"").nats.urls == both);
  CHECK(settings_of("nats:\n  urls:\n    - nats://a\n    - tls://b.example:4333\n").nats.urls == both);
  CHECK(settings_of("nats.urls: 'nats://[::1]:42'").nats.urls == std::vector<std::string>{"nats://[::1]:42"});
  // As Spring and the NATS client for Java read them: empty items, and no scheme.
  CHECK(settings_of("nats.urls: 'nats://a,tls://b.example:4333,'").nats.urls == both);
  CHECK(settings_of("nats.urls: ', a ,, tls://b.example:4333 ,'").nats.urls == both);
  CHECK(settings_of("nats.urls: 'a:4222,tls://b.example:4333'").nats.urls == both);
  CHECK(settings_of("nats.urls: '[::1]:42'").nats.urls == std::vector<std::string>{"nats://[::1]:42"});
  CHECK(settings_of("nats.urls: 'joe:p4ss@a'").nats.username == "joe");
  CHECK(settings_of("nats:\n  urls:\n    - a\n    - ''\n    - tls://b.example:4333\n").nats.urls == both);
  for (const std::string wrong : {"a:b", "http://a", "nats://", "nats://a:0", "nats://a:x", ",", " , ", "nats://a b",
                                  "nats://[::g]", "nats://a:70000", "nats:/a"})
    CHECK(errors_of("nats.urls: '" + wrong + "'")
          == refused("nats.urls", wrong, "nats:// or tls:// URLs separated by commas, as in nats://host:4222"));
}

TEST_CASE("a login in a NATS URL is extracted with a warning, overridden by the keys, and never shown") {
  const auto result = load("nats.urls: nats://joe:p4ss@a,nats://joe:p4ss@b");
  REQUIRE(result.value.has_value());
  CHECK(result.value->nats.urls == std::vector<std::string>{"nats://a:4222", "nats://b:4222"});
  CHECK(result.value->nats.username == "joe");
  CHECK(result.value->nats.password == cm::core::secret("p4ss"));
  CHECK(mentions(rendered(result.warnings), "nats.urls: the URL contains a login"));
  CHECK(configuration::describe(*result.value).find("p4ss") == std::string::npos);
  const auto s = settings_of("nats.urls: nats://joe:p4ss@a", {{"NATS_USERNAME", "jim"}, {"NATS_PASSWORD", "other"}});
  CHECK(s.nats.username == "jim");
  CHECK(s.nats.password == cm::core::secret("other"));
}

TEST_CASE("the login in a NATS URL is percent-decoded, each part after the URL was taken apart") {
  const auto login_in = [](const std::string& url) {
    const auto nats = settings_of("nats.urls: '" + url + "'").nats;
    return nats.username + "|" + std::string(nats.password.reveal());
  };
  CHECK(login_in("nats://svc%40cm:p%40ss%2Fw%3Ard%251%23@h") == "svc@cm|p@ss/w:rd%1#");
  CHECK(login_in("nats://joe:a%2cb%2Cc@h,nats://joe:a%2Cb%2cc@i") == "joe|a,b,c");
  CHECK(login_in("tls://j%c3%B6:%20%7e+~@h:4333") == "j\xc3\xb6| ~+~");
  CHECK(login_in("nats://joe:%2525@h") == "joe|%25");
  CHECK(login_in("nats://jo%3Ae:p:q@h") == "jo:e|p:q");
  CHECK(login_in("nats://joe:p@ss@h") == "joe|p@ss");
  CHECK(settings_of("nats.urls: 'nats://joe:a%2Cb@h:1'").nats.urls == std::vector<std::string>{"nats://h:1"});
  CHECK(settings_of("nats.password: p%40ss").nats.password == cm::core::secret("p%40ss"));
  CHECK(configuration::describe(settings_of("nats.urls: nats://joe:p4%40ss@h")).find("p4") == std::string::npos);
}

TEST_CASE("a part of the login in a NATS URL that is not percent-encoded is taken as it is") {
  for (const std::string plain : {"p4ss%", "p4ss%4", "p4ss%zz", "p4ss%4z1", "%%34p4ss", "p4ss%00", "p4ss%ff", "p4ss%c3",
                                  "p4ss%ed%a0%80", "100%p4ss", "p4ss% 41", "100%p%40ss"}) {
    INFO(plain);
    const auto as_password = settings_of("nats.urls: 'nats://joe%40:" + plain + "@h'").nats;
    CHECK(as_password.username == "joe@");
    CHECK(as_password.password == cm::core::secret(plain));
    const auto as_username = settings_of("nats.urls: 'nats://" + plain + ":w%40rd@h'").nats;
    CHECK(as_username.username == plain);
    CHECK(as_username.password == cm::core::secret("w@rd"));
  }
}

TEST_CASE("logins in NATS URLs that differ or are incomplete are an error that does not show them") {
  for (const std::string wrong :
       {"nats://joe:p4ss@a,nats://jim:p4ss@b", "nats://p4ss@a", "nats://joe:p4ss@a:x", "joe:p4ss@a:x"}) {
    const auto errors = errors_of("nats.urls: '" + wrong + "'");
    CHECK(errors.size() == 1);
    CHECK_FALSE(mentions(errors, "p4ss"));
  }
}

TEST_CASE("the JDBC URL is parsed, and its warnings and errors name the key") {
  const temporary_file certificate("x");
  const auto result = load("spring.datasource.url: jdbc:mariadb:sequential://a,b:3307/cm?useSsl=true&serverSslCert="
                           + certificate.path() + "&connectTimeout=700&foo=bar");
  REQUIRE(result.value.has_value());
  const auto& db = result.value->database;
  CHECK(db.hosts == std::vector<cm::core::network_address>{{"a", 3306}, {"b", 3307}});
  CHECK(db.tls == cm::core::tls_mode::verify_full);
  CHECK(db.tls_ca_file == certificate.path());
  CHECK(db.connect_timeout == 700ms);
  CHECK(db.socket_timeout == 10s);
  CHECK(has(rendered(result.warnings),
            "service-config.yml:1: spring.datasource.url: the parameter foo is unknown and ignored"));
  CHECK(errors_of("spring.datasource.url: jdbc:mariadb://a/")
        == refused("spring.datasource.url", "jdbc:mariadb://a/",
                   "a database name after the hosts, as in jdbc:mariadb://host:3306/database"));
  CHECK(mentions(errors_of("spring.datasource.url: jdbc:mariadb://a/x?sslMode=trust&serverSslCert=/nowhere"),
                 "expected serverSslCert to be the path of a readable PEM file (No such file or directory)"));
}

TEST_CASE("a login in the JDBC URL is overridden by the keys and never shown") {
  const auto yaml = "spring.datasource.url: jdbc:mariadb://a/cm?user=joe&password=p4ss";
  const auto s = settings_of(yaml);
  CHECK(s.database.username == "joe");
  CHECK(s.database.password == cm::core::secret("p4ss"));
  CHECK(configuration::describe(s).find("p4ss") == std::string::npos);
  const auto other = settings_of(yaml, {{"MARIADB_USERNAME", "jim"}, {"MARIADB_PASSWORD", "other"}});
  CHECK(other.database.username == "jim");
  CHECK(other.database.password == cm::core::secret("other"));
  CHECK_FALSE(mentions(warnings_of(yaml), "p4ss"));
  const auto errors = errors_of("spring.datasource.url: jdbc:mariadb://a/?user=joe&password=p4ss");
  CHECK(errors.size() == 1);
  CHECK_FALSE(mentions(errors, "p4ss"));
}

TEST_CASE("a file that a key names must be readable") {
  const temporary_file file("x");
  CHECK(settings_of("kaa.license.trusted-certificates: " + file.path()).license.trusted_certificates_file
        == file.path());
  CHECK(settings_of("nats.tls.ca: " + file.path()).nats.tls_ca_file == file.path());
  CHECK(errors_of("nats.tls.ca: /nowhere/ca.pem")
        == refused("nats.tls.ca", "/nowhere/ca.pem", "the path of a readable file (No such file or directory)"));
  CHECK(errors_of("nats.tls.ca: /") == refused("nats.tls.ca", "/", "the path of a readable file (Is a directory)"));
}

TEST_CASE("an HTTP status is a name or a number") {
  const auto s = settings_of("endpoints:\n  health:\n    mapping.UNKNOWN: OK\n    mapping:\n      DOWN: 500\n"
                             "      out-of-service: service-unavailable\n");
  CHECK(s.management.health_status_mapping
        == std::map<std::string, int>{{"UNKNOWN", 200}, {"DOWN", 500}, {"OUT_OF_SERVICE", 503}});
  for (const std::string wrong : {"199", "600", "FINE", "-503"})
    CHECK(errors_of("endpoints.health.mapping.DOWN: " + wrong)
          == refused("endpoints.health.mapping.DOWN", wrong,
                     "an HTTP status from 200 to 599 by name or number, as SERVICE_UNAVAILABLE or 503"));
}

TEST_CASE("logging has two formats, and a level for each logger") {
  CHECK(settings_of("logging.format: json").logging.format == cm::core::log_format::json);
  CHECK(settings_of("logging.format: TEXT").logging.format == cm::core::log_format::text);
  CHECK(errors_of("logging.format: xml") == refused("logging.format", "xml", "text or json"));
  const auto s = settings_of("logging:\n  level:\n    ROOT: Warn\n    org.kaa.cm: debug\n    nats: OFF\n    x: false\n"
                             "    y: error\n    z: Trace\n    i: INFO\n");
  CHECK(s.logging.levels
        == std::map<std::string, std::string>{{"root", "warning"},
                                              {"org.kaa.cm", "debug"},
                                              {"nats", "off"},
                                              {"x", "off"},
                                              {"y", "error"},
                                              {"z", "trace"},
                                              {"i", "info"}});
  CHECK(errors_of("logging.level.nats: loud")
        == refused("logging.level.nats", "loud", "one of TRACE, DEBUG, INFO, WARN, ERROR, OFF"));
}

TEST_CASE("the instance name is a valid token of a NATS subject") {
  for (const std::string wrong : {"a.b", "a b", "*", "a>", "\xc3\xa4"})
    CHECK(errors_of("", {{"INSTANCE_NAME", wrong}}).size() == 1);
  CHECK(settings_of("", {{"INSTANCE_NAME", "cm-2_x"}}).instance_name == "cm-2_x");
}

TEST_CASE("-Xmx is the memory budget, and the cache gets half of it") {
  const auto s = settings_of("");
  CHECK(s.memory_budget_bytes == std::size_t{700} * 1024 * 1024);
  CHECK(s.credentials.cache_max_bytes == std::size_t{350} * 1024 * 1024);
  CHECK(settings_of("", {{"JAVA_OPTIONS", "-Xmx2G"}}).credentials.cache_max_bytes == std::size_t{1024} * 1024 * 1024);
  CHECK(settings_of("", {{"JAVA_OPTIONS", "-Xmx9m -Xmx4096k"}}).memory_budget_bytes == std::size_t{4096} * 1024);
  CHECK(settings_of("", {{"JAVA_OPTIONS", "-Xmx8388608"}}).memory_budget_bytes == 8388608);
  CHECK(settings_of("", {{"JAVA_OPTIONS", "-server"}}).memory_budget_bytes == std::size_t{700} * 1024 * 1024);
  for (const std::string wrong : {"-Xmx", "-Xmxlots", "-Xmx1m", "-Xmx7t"})
    CHECK(errors_of("", {{"JAVA_OPTIONS", wrong}})
          == lines{"environment JAVA_OPTIONS: found \"" + wrong
                   + "\", expected -Xmx with a size of at least 2 MB, as in -Xmx700m"});
}

TEST_CASE("one warning names all other Java options once, without their values") {
  CHECK(has(warnings_of("", {{"JAVA_OPTIONS", "-Xms64m -XX:MaxRAM=1g\t-Dpass=hunter2 -Dpass=hunter3 -Xmx64m"}}),
            "environment JAVA_OPTIONS: only -Xmx has an effect; ignored: -Xms64m, -XX:MaxRAM, -Dpass"));
  CHECK_FALSE(mentions(errors_of("", {{"JAVA_OPTIONS", "-Dpass=hunter2 -Xmxno"}}), "hunter2"));
}

TEST_CASE("applications are nested maps, and the innermost may be empty") {
  const auto s = settings_of(R"(
kaa:
  applications:
    smart_kettle:
      versions:
        v1:
        v2: {}
        v3:
          display-name: Kettle
    lamp-2:
    car.versions.c1: yes
    bus:
      versions: [b1, b2]
)");
  const std::map<std::string, std::set<std::string>> expected{
    {"smart_kettle", {"v1", "v2", "v3"}}, {"lamp-2", {}}, {"car", {"c1"}}, {"bus", {"b1", "b2"}}};
  CHECK(s.credentials.applications == expected);
}

TEST_CASE("application names use the platform's characters, and values are allowed only below a version") {
  for (const auto* wrong : {"kaa.applications.Kettle.versions.v1:", "kaa.applications.kettle.versions.V1:",
                            "kaa.applications: kettle", "kaa.applications: [kettle]", "kaa.applications.kettle: v1",
                            "kaa.applications.kettle.versions: v1", "kaa.applications.kettle.versions: [v1, V2]"}) {
    INFO(wrong);
    CHECK(errors_of(wrong).size() == 1);
  }
  CHECK(mentions(warnings_of("kaa.applications.kettle.version.v1:"), "did you mean kaa.applications.kettle.versions?"));
}
