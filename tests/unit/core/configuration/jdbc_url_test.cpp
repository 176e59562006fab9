#include "catch.hpp"
#include "core/configuration/jdbc_url.hpp"

using namespace cm::core;
using namespace std::chrono_literals;
using addresses = std::vector<network_address>;

namespace {

jdbc_url parsed(std::string_view text) {
  auto result = parse_jdbc_url(text);
  INFO(text);
  REQUIRE(result.has_value());
  return std::move(*result);
}

jdbc_url with(const std::string& parameters) {
  return parsed("jdbc:mariadb://db/cm?" + parameters);
}

} // namespace

TEST_CASE("a JDBC URL names hosts, ports and the database; the default port is 3306") {
  const auto url = parsed("jdbc:mariadb://db.example:3307/cm");
  CHECK(url.hosts == addresses{{"db.example", 3307}});
  CHECK(url.database == "cm");
  CHECK(url.tls == tls_mode::disabled);
  CHECK_FALSE(url.connect_timeout.has_value());
  CHECK_FALSE(url.socket_timeout.has_value());
  CHECK(url.warnings.empty());
  CHECK(parsed("jdbc:mysql://db/cm").hosts == addresses{{"db", 3306}});
  CHECK(parsed("jdbc:mariadb:sequential://a,b:3307/cm").hosts == addresses{{"a", 3306}, {"b", 3307}});
  CHECK(parsed("jdbc:mariadb:sequential://a,b:3307/cm").warnings.empty());
  CHECK(parsed("jdbc:mariadb:SEQUENTIAL://a,b:3307/cm") == parsed("jdbc:mariadb:sequential://a,b:3307/cm"));
  CHECK(parsed("jdbc:mariadb:Load-Balance://a,b:3307/cm") == parsed("jdbc:mariadb:load-balance://a,b:3307/cm"));
}

TEST_CASE("every other mode means sequential, with a warning") {
  for (const std::string mode : {"loadbalance", "load-balance", "failover", "replication", "load-balance-read"}) {
    const auto url = parsed("jdbc:mariadb:" + mode + "://a,b/cm");
    CHECK(url.hosts == addresses{{"a", 3306}, {"b", 3306}});
    REQUIRE(url.warnings.size() == 1);
    CHECK(url.warnings[0].find(mode) != std::string::npos);
  }
  CHECK_FALSE(parse_jdbc_url("jdbc:mariadb:aurora://a/cm").has_value());
}

TEST_CASE("IPv6 addresses are in brackets, which are not part of the host") {
  CHECK(parsed("jdbc:mariadb://[::1]:3307,[fe80::2]/cm").hosts == addresses{{"::1", 3307}, {"fe80::2", 3306}});
  for (const auto* wrong : {"jdbc:mariadb://[::1/cm", "jdbc:mariadb://[]/cm", "jdbc:mariadb://[x]/cm",
                            "jdbc:mariadb://[::1]3306/cm", "jdbc:mariadb://::1/cm"})
    CHECK_FALSE(parse_jdbc_url(wrong).has_value());
}

TEST_CASE("a host may be written as address=(name=value)…") {
  CHECK(parsed("jdbc:mariadb://address=(host=a)(port=3307)(type=master),address=(host=b),c/cm").hosts
        == addresses{{"a", 3307}, {"b", 3306}, {"c", 3306}});
  for (const auto* wrong : {"address=(port=1)", "address=host=a", "address=(host=a", "address=(host)",
                            "address=(host=a)(x=1)", "address=(host=a)(port=0)", "address="})
    CHECK_FALSE(parse_jdbc_url(std::string("jdbc:mariadb://") + wrong + "/cm").has_value());
}

TEST_CASE("TLS is set by sslMode, or by useSsl and related parameters") {
  CHECK(with("sslMode=disable").tls == tls_mode::disabled);
  CHECK(with("sslMode=trust").tls == tls_mode::trusted);
  CHECK(with("sslMode=verify-ca").tls == tls_mode::verify_ca);
  CHECK(with("sslMode=VERIFY_CA").tls == tls_mode::verify_ca);
  CHECK(with("sslmode=verify-full").tls == tls_mode::verify_full);
  CHECK(with("useSsl=true").tls == tls_mode::verify_full);
  CHECK(with("useSSL=true").tls == tls_mode::verify_full);
  CHECK(with("useSsl=false").tls == tls_mode::disabled);
  CHECK(with("useSsl=true&trustServerCertificate=true").tls == tls_mode::trusted);
  CHECK(with("useSsl=true&disableSslHostnameVerification=true").tls == tls_mode::verify_ca);
  CHECK(with("trustServerCertificate=true").tls == tls_mode::disabled);
  const auto both = with("useSsl=false&sslMode=verify-ca");
  CHECK(both.tls == tls_mode::verify_ca);
  CHECK(both.warnings.size() == 1);
  for (const std::string wrong : {"sslMode=", "sslMode=preferred", "sslMode=verify", "useSsl=maybe"})
    CHECK_FALSE(parse_jdbc_url("jdbc:mariadb://db/cm?" + wrong).has_value());
}

TEST_CASE("serverSslCert is a path, and has no effect without TLS") {
  CHECK(with("useSsl=true&serverSslCert=/run/ca.pem").tls_ca_file == "/run/ca.pem");
  CHECK(with("useSsl=true&serverSslCert=file:/run/ca.pem").tls_ca_file == "/run/ca.pem");
  CHECK(with("useSsl=true&serverSslCert=file:///run/ca.pem").tls_ca_file == "/run/ca.pem");
  CHECK(with("serverSslCert=/run/ca.pem").warnings.size() == 1);
  for (const std::string wrong : {"", "classpath:ca.pem", "-----BEGIN"})
    CHECK_FALSE(parse_jdbc_url("jdbc:mariadb://db/cm?serverSslCert=" + wrong).has_value());
}

TEST_CASE("timeouts are milliseconds; 0 for no limit is not supported") {
  const auto url = with("connectTimeout=1500&socketTimeout=2500");
  CHECK(url.connect_timeout == 1500ms);
  CHECK(url.socket_timeout == 2500ms);
  const auto zero = with("socketTimeout=0");
  CHECK_FALSE(zero.socket_timeout.has_value());
  CHECK(zero.warnings.size() == 1);
  for (const std::string wrong : {"", "-1", "1s", "3600001", "99999999999999999999"})
    CHECK_FALSE(parse_jdbc_url("jdbc:mariadb://db/cm?connectTimeout=" + wrong).has_value());
}

TEST_CASE("a login in the URL is accepted with warnings that do not show it") {
  const auto url = with("user=joe&password=p4ss=word");
  CHECK(url.username == "joe");
  CHECK(url.password == secret("p4ss=word"));
  CHECK(url.warnings.size() == 2);
  for (const auto& warning : url.warnings) {
    CHECK(warning.find("joe") == std::string::npos);
    CHECK(warning.find("p4ss") == std::string::npos);
  }
}

TEST_CASE("a warning names an unknown parameter, but nothing that may be part of a password") {
  CHECK(with("useUnicode=yes").warnings == std::vector<std::string>{"the parameter useUnicode is unknown and ignored"});
  const auto cut = with("password=a&hunter2");
  REQUIRE(cut.warnings.size() == 2);
  for (const auto& warning : cut.warnings)
    CHECK(warning.find("hunter2") == std::string::npos);
  CHECK(with("connectTimeout=5&connectTimeout=6").warnings.size() == 1);
  CHECK(with("connectTimeout=5&connectTimeout=6").connect_timeout == 6ms);
}

TEST_CASE("anything but a JDBC URL of MariaDB is refused with a message that contains no part of it") {
  for (const auto* wrong :
       {"", "mariadb://a/hunter2", "jdbc:postgresql://a/hunter2", "jdbc:mariadb:a/hunter2", "jdbc:mariadb:///hunter2",
        "jdbc:mariadb://a", "jdbc:mariadb://a/", "jdbc:mariadb://a/?x=hunter2", "jdbc:mariadb://a,/hunter2",
        "jdbc:mariadb://a:0/hunter2", "jdbc:mariadb://a:65536/hunter2", "jdbc:mariadb://a:/hunter2",
        "jdbc:mariadb://joe:hunter2@a/cm", "jdbc:mariadb://joe@hunter2/cm", "jdbc:mariadb://a b/hunter2",
        "jdbc:mariadb://a/hunter2/x", "jdbc:mariadb://a/hunter2\n"}) {
    INFO(wrong);
    const auto result = parse_jdbc_url(wrong);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == errc::invalid);
    CHECK(result.error().message.find("hunter2") == std::string::npos);
  }
  CHECK_FALSE(parse_jdbc_url("jdbc:mariadb://a/" + std::string(65, 'x')).has_value());
  std::string many = "jdbc:mariadb://a";
  for (int i = 0; i < 32; ++i)
    many += ",a";
  CHECK_FALSE(parse_jdbc_url(many + "/cm").has_value());
}
