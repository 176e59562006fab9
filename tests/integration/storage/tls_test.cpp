#include "catch.hpp"
#include "fixture.hpp"

#include <mysql.h>

#include <fstream>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

// A certification authority and a server certificate of it, made for this run.
struct certificates {
  explicit certificates(const std::string& subject_alt_name) : directory("cm-tls") {
    const auto path = [&](const char* name) { return (directory.path() / name).string(); };
    run_program({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=CM test CA",
                 "-keyout", path("ca.key"), "-out", path("ca.pem")});
    run_program({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=database", "-keyout",
                 path("server.key"), "-out", path("server.csr")});
    std::ofstream(path("extensions")) << "subjectAltName=" << subject_alt_name << '\n';
    run_program({"openssl", "x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                 "-CAcreateserial", "-days", "2", "-extfile", path("extensions"), "-out", path("server.pem")});
  }

  [[nodiscard]] std::vector<std::string> server_arguments() const {
    return {"--ssl-cert=" + (directory.path() / "server.pem").string(),
            "--ssl-key=" + (directory.path() / "server.key").string()};
  }

  [[nodiscard]] std::string ca() const { return (directory.path() / "ca.pem").string(); }

  temporary_directory directory;
};

struct tls_row {
  core::tls_mode mode;
  const char* ca; ///< "own", "foreign", "system" or "missing"
  const char* host;
  bool works;
};

// Connector/C from 3.4 on does not compare the name for 127.0.0.1: there verify_full is refused.
bool loopback_names_are_compared() {
  return mysql_get_client_version() < 30400;
}

} // namespace

TEST_CASE("each TLS mode checks what its name says, against a server whose certificate is for another name") {
  const client_thread thread;
  const certificates own{"DNS:database.example,IP:127.0.0.1"};
  const certificates foreign{"DNS:localhost"};
  const mariadb_server server{own.server_arguments()};
  server.execute("CREATE USER secure@'%' IDENTIFIED BY 'cm-test-password' REQUIRE SSL");
  server.execute("GRANT ALL ON cm.* TO secure@'%'");

  using enum core::tls_mode;
  const std::vector<tls_row> rows{
    {disabled, "own", "127.0.0.1", false}, // the user must use TLS
    {trusted, "system", "127.0.0.1", true},
    {trusted, "system", "localhost", true},
    {trusted, "foreign", "127.0.0.1", true},
    {verify_ca, "own", "127.0.0.1", true},
    {verify_ca, "own", "localhost", true},      // the name is not in the certificate, nor looked at
    {verify_ca, "foreign", "127.0.0.1", false}, // the password is right, and counts for nothing
    {verify_ca, "foreign", "localhost", false},
    {verify_ca, "system", "127.0.0.1", false},
    {verify_ca, "system", "localhost", false},
    {verify_ca, "missing", "127.0.0.1", false},
    {verify_full, "own", "127.0.0.1", loopback_names_are_compared()},
    {verify_full, "own", "localhost", false},
    {verify_full, "foreign", "127.0.0.1", false},
    {verify_full, "foreign", "localhost", false},
    {verify_full, "system", "127.0.0.1", false},
    {verify_full, "system", "localhost", false},
    {verify_full, "missing", "127.0.0.1", false},
  };
  for (const auto& row : rows) {
    INFO("mode " << static_cast<int>(row.mode) << ", CA " << row.ca << ", host " << row.host);
    auto settings = server.settings();
    settings.username = "secure";
    settings.tls = row.mode;
    settings.hosts.front().host = row.host;
    const std::string ca{row.ca};
    settings.tls_ca_file = ca == "own"       ? own.ca()
                           : ca == "foreign" ? foreign.ca()
                           : ca == "missing" ? own.ca() + ".missing"
                                             : std::string{};
    session db{settings};
    const auto connected = db.connect();
    INFO(db.last_error());
    CHECK(connected.has_value() == row.works);
    if (!connected)
      CHECK(connected.error().code == core::errc::unavailable);
  }
}

TEST_CASE("verify_full accepts no loopback address that the TLS certificate does not name, and the name that it does") {
  const client_thread thread;
  const certificates own{"DNS:localhost"};
  const mariadb_server server{own.server_arguments()};
  using enum core::tls_mode;
  const std::vector<tls_row> rows{
    {verify_ca, "own", "127.0.0.1", true},
    {verify_full, "own", "127.0.0.1", false},
    {verify_full, "own", "localhost", true},
  };
  for (const auto& row : rows) {
    INFO("mode " << static_cast<int>(row.mode) << ", host " << row.host);
    auto settings = server.settings();
    settings.tls = row.mode;
    settings.tls_ca_file = own.ca();
    settings.hosts.front().host = row.host;
    session db{settings};
    const auto connected = db.connect();
    INFO(db.last_error());
    CHECK(connected.has_value() == row.works);
  }
}

TEST_CASE("a certificate that the server has made for itself is refused unless nothing is to be checked") {
  const client_thread thread;
  const certificates foreign{"IP:127.0.0.1"};
  const mariadb_server server;
  if (server.value("SELECT @@have_ssl") != "YES")
    return; // up to MariaDB 11.3 a server without a certificate has no TLS
  using enum core::tls_mode;
  for (const auto mode : {trusted, verify_ca, verify_full})
    for (const auto& ca : {foreign.ca(), std::string{}}) {
      INFO("mode " << static_cast<int>(mode) << ", CA " << (ca.empty() ? "system" : "foreign"));
      auto settings = server.settings();
      settings.tls = mode;
      settings.tls_ca_file = ca;
      session db{settings};
      const auto connected = db.connect();
      INFO(db.last_error());
      CHECK(connected.has_value() == (mode == trusted));
    }
}

TEST_CASE("a server without TLS is refused in every mode but disabled") {
  const client_thread thread;
  const certificates own{"IP:127.0.0.1"};
  const mariadb_server server{{"--skip-ssl"}}; // MariaDB from 11.4 on has TLS by itself
  REQUIRE(server.value("SELECT @@have_ssl") == "DISABLED");
  using enum core::tls_mode;
  for (const auto mode : {trusted, verify_ca, verify_full}) {
    auto settings = server.settings();
    settings.tls = mode;
    settings.tls_ca_file = own.ca();
    session db{settings};
    INFO(static_cast<int>(mode));
    CHECK_FALSE(db.connect().has_value());
    INFO(db.last_error());
    CHECK(db.last_error().find("TLS") + db.last_error().find("SSL") != 2 * std::string::npos);
  }
  session db{server.settings()};
  CHECK(db.connect().has_value());
}
