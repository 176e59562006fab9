#include "catch.hpp"
#include "cut_proxy.hpp"
#include "fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

using steady = std::chrono::steady_clock;

// Accepts connections and never sends anything.
class silent_listener {
public:
  silent_listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }

  ~silent_listener() { ::close(socket_); }

  silent_listener(const silent_listener&) = delete;
  silent_listener& operator=(const silent_listener&) = delete;

  [[nodiscard]] core::network_address address() const { return {"127.0.0.1", port_}; }

private:
  int socket_;
  std::uint16_t port_ = 0;
};

std::string count(const mariadb_server& server, const std::string& table) {
  return server.value("SELECT COUNT(*) FROM " + table);
}

} // namespace

TEST_CASE("a connection that was cut is replaced and the operation executed") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 3);
  kill_connections(f.server);
  SECTION("a look-up") {
    const auto found = must<found_tokens>(db, find_tokens{{hash_of(2)}});
    CHECK(found.tokens.at(0).has_value());
  }
  SECTION("a creation") {
    make_tokens(db, 4, 4);
    CHECK(count(f.server, "endpoint_token") == "4");
  }
  SECTION("an activation") {
    activate_tokens command;
    command.items = {{id_of(1), ""}};
    CHECK(must<activated_tokens>(db, command).changed.size() == 1);
  }
  CHECK(db.counters().connects == 2);
  CHECK(db.counters().drops == 1);
}

TEST_CASE("a creation cut at any statement is stored once, with one audit row") {
  const storage_fixture f;
  cut_proxy proxy{f.server.port()};
  auto settings = f.server.settings();
  settings.hosts = {{"127.0.0.1", proxy.port()}};
  session db{settings};
  make_tokens(db, 1, 1);
  const auto* const text = GENERATE("START TRANSACTION", "correlation-2", "COMMIT");
  const auto when = GENERATE(cut_proxy::moment::before, cut_proxy::moment::after);
  INFO(text << (when == cut_proxy::moment::before ? " does not arrive" : " is carried out, its answer lost"));
  proxy.arm(text, when);
  const auto created = must<created_token>(db, creation(2)).token;
  CHECK(proxy.fired());
  CHECK(created.id == id_of(2));
  CHECK(created.created_at == creation(2).at);
  CHECK(count(f.server, "endpoint_token") == "2");
  CHECK(count(f.server, "credential_audit") == "2");

  auto conflicting = creation(3); // and a real conflict is one also when the answer to it gets lost
  conflicting.hash = hash_of(2);
  proxy.arm("ROLLBACK", cut_proxy::moment::after);
  const auto refused = db.execute(conflicting, soon());
  CHECK(proxy.fired());
  REQUIRE(!refused);
  CHECK(refused.error().code == core::errc::conflict);
}

TEST_CASE("an activation cut at its commit is done once") {
  const storage_fixture f;
  cut_proxy proxy{f.server.port()};
  auto settings = f.server.settings();
  settings.hosts = {{"127.0.0.1", proxy.port()}};
  session db{settings};
  make_tokens(db, 1, 2);
  const auto when = GENERATE(cut_proxy::moment::before, cut_proxy::moment::after);
  proxy.arm("COMMIT", when);
  activate_tokens command;
  command.items = {{id_of(1), ""}, {id_of(2), ""}};
  const auto changed = must<activated_tokens>(db, command).changed;
  CHECK(proxy.fired());
  CHECK(changed.size() == (when == cut_proxy::moment::before ? 2U : 0U));
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE status = 1") == "2");
  CHECK(count(f.server, "credential_audit") == "4");
}

TEST_CASE("a session leaves a read-only server for the next host") {
  const storage_fixture f;
  const mariadb_server other;
  auto settings = f.server.settings();
  settings.hosts.push_back(other.address());
  const auto first = "127.0.0.1:" + std::to_string(f.server.port());
  const auto second = "127.0.0.1:" + std::to_string(other.port());
  // Whatever happens, the shared server can be written again afterwards.
  const std::unique_ptr<const mariadb_server, void (*)(const mariadb_server*)> restore{
    &f.server, [](const mariadb_server* server) { server->execute("SET GLOBAL read_only = 0"); }};

  SECTION("at the start") {
    f.server.execute("SET GLOBAL read_only = 1");
    session db{settings};
    CHECK(must<pong>(db, ping{}).host == second);
    make_tokens(db, 1, 1);
    CHECK(count(other, "endpoint_token") == "1");
  }
  SECTION("when it becomes so, at the next write") {
    session db{settings};
    make_tokens(db, 1, 1);
    CHECK(db.server()->address == first);
    f.server.execute("SET GLOBAL read_only = 1");
    make_tokens(db, 2, 2);
    CHECK(db.server()->address == second);
    CHECK(count(other, "endpoint_token") == "1");
  }
  SECTION("when it becomes so, at the next ping") {
    session db{settings};
    CHECK(must<pong>(db, ping{}).host == first);
    f.server.execute("SET GLOBAL read_only = 1");
    CHECK(must<pong>(db, ping{}).host == second);
  }
  SECTION("and when all are, the answer is unavailable, and well again when one is not") {
    f.server.execute("SET GLOBAL read_only = 1");
    other.execute("SET GLOBAL read_only = 1");
    session db{settings};
    const auto found = db.execute(find_tokens{{hash_of(1)}}, soon());
    REQUIRE(!found);
    CHECK(found.error().code == core::errc::unavailable);
    CHECK(db.last_error().find(first + ": the server is read-only") != std::string::npos);
    CHECK(db.last_error().find(second + ": the server is read-only") != std::string::npos);
    f.server.execute("SET GLOBAL read_only = 0");
    CHECK(must<pong>(db, ping{}).host == first);
  }
}

TEST_CASE("a server that stopped is unavailable at once and used again when it is back") {
  const client_thread thread;
  mariadb_server server;
  session db{server.settings()};
  make_tokens(db, 1, 1);
  const bool crash = GENERATE(false, true);
  crash ? server.kill() : server.stop();
  const auto begun = steady::now();
  const auto found = db.execute(find_tokens{{hash_of(1)}}, soon());
  REQUIRE(!found);
  CHECK(found.error().code == core::errc::unavailable);
  CHECK_FALSE(db.connected());
  CHECK_FALSE(db.server().has_value());
  CHECK(steady::now() - begun < std::chrono::seconds{3});
  CHECK(db.last_error().find("127.0.0.1:" + std::to_string(server.port())) != std::string::npos);
  const auto write = db.execute(creation(1), soon());
  REQUIRE(!write);
  CHECK(write.error().code == core::errc::unavailable);

  server.start();
  CHECK(must<found_tokens>(db, find_tokens{{hash_of(1)}}).tokens.at(0).has_value());
}

TEST_CASE(
  "a host that accepts the connection and never responds costs the connect time-out, then the next host is used") {
  const storage_fixture f;
  const silent_listener silent;
  auto settings = f.server.settings();
  settings.connect_timeout = std::chrono::milliseconds{1000};
  settings.hosts.insert(settings.hosts.begin(), silent.address());
  session db{settings};
  const auto begun = steady::now();
  CHECK(must<pong>(db, ping{}).host == "127.0.0.1:" + std::to_string(f.server.port()));
  CHECK(steady::now() - begun >= std::chrono::milliseconds{900});
  CHECK(steady::now() - begun < std::chrono::milliseconds{3000});

  SECTION("and the host that answered stays the first choice") {
    kill_connections(f.server);
    const auto again = steady::now();
    static_cast<void>(must<pong>(db, ping{}));
    CHECK(steady::now() - again < std::chrono::milliseconds{900});
  }
  SECTION("and a deadline cuts the attempt short") {
    settings.connect_timeout = std::chrono::milliseconds{30000};
    session hasty{settings};
    const auto again = steady::now();
    const auto answer = hasty.execute(ping{}, again + std::chrono::milliseconds{500});
    REQUIRE(!answer);
    CHECK(answer.error().code == core::errc::unavailable);
    CHECK(steady::now() - again < std::chrono::milliseconds{1800});
  }
}

TEST_CASE("a statement that takes longer than the socket time-out is given up") {
  const storage_fixture f;
  auto settings = f.server.settings();
  settings.socket_timeout = std::chrono::milliseconds{1000};
  session db{settings};
  make_tokens(db, 1, 1);
  // The server does not answer at all: a table lock would be given up by the server itself.
  f.server.pause();
  const auto begun = steady::now();
  const auto found = db.execute(find_tokens{{hash_of(1)}}, begun + std::chrono::milliseconds{500});
  const auto took = steady::now() - begun;
  f.server.resume();
  REQUIRE(!found);
  CHECK(found.error().code == core::errc::unavailable);
  CHECK(took < std::chrono::milliseconds{3500});
  CHECK(must<found_tokens>(db, find_tokens{{hash_of(1)}}).tokens.at(0).has_value());
}

TEST_CASE("a deadline that is past is expired without a connection being made") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto answer = db.execute(ping{}, steady::now() - std::chrono::milliseconds{1});
  REQUIRE(!answer);
  CHECK(answer.error().code == core::errc::expired);
  CHECK(db.counters().connects == 0);
}

TEST_CASE("a wrong password is unavailable, and no error text contains it") {
  const storage_fixture f;
  auto settings = f.server.settings();
  settings.password = core::secret{"hunter2-not-the-password"};
  session db{settings};
  const auto connected = db.connect();
  REQUIRE(!connected);
  CHECK(connected.error().code == core::errc::unavailable);
  CHECK_FALSE(db.refused());
  for (const auto& text : {connected.error().message, connected.error().detail, db.last_error()}) {
    CHECK_FALSE(text.empty());
    CHECK(text.find("hunter2") == std::string::npos);
  }
  CHECK(db.last_error().find("1045") != std::string::npos);
}

TEST_CASE("a user can log in with ed25519") {
  const storage_fixture f;
  f.server.execute("INSTALL SONAME 'auth_ed25519'");
  f.server.execute("CREATE OR REPLACE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('cm-test-password')");
  f.server.execute("GRANT ALL ON cm.* TO modern@'%'");
  auto settings = f.server.settings();
  settings.username = "modern";
  session db{settings};
  const auto connected = db.connect();
  INFO(db.last_error());
  CHECK(connected.has_value());
  db.disconnect();
  f.server.execute("UNINSTALL SONAME 'auth_ed25519'");
}

TEST_CASE("sessions of a process that share their choice of a host stay together") {
  const storage_fixture f;
  const mariadb_server other;
  auto settings = f.server.settings();
  settings.hosts.push_back(other.address());
  const auto first = "127.0.0.1:" + std::to_string(f.server.port());
  const auto second = "127.0.0.1:" + std::to_string(other.port());
  const std::unique_ptr<const mariadb_server, void (*)(const mariadb_server*)> restore{
    &f.server, [](const mariadb_server* server) { server->execute("SET GLOBAL read_only = 0"); }};
  const auto hosts = std::make_shared<host_choice>();
  session leaver{settings, newer_schema::refused, {}, hosts};
  session follower{settings, newer_schema::refused, {}, hosts};
  REQUIRE(must<pong>(leaver, ping{}).host == first);
  REQUIRE(must<pong>(follower, ping{}).host == first);

  SECTION("a session whose host is the preferred one keeps its connection") {
    kill_connections(f.server); // a connection that is replaced on the same host is no reason to leave it
    CHECK(must<pong>(leaver, ping{}).host == first);
    CHECK(must<pong>(follower, ping{}).host == first);
    CHECK(must<pong>(leaver, ping{}).host == first);
    CHECK(leaver.counters().connects == 2);
    CHECK(hosts->moves() == 0);
    CHECK_FALSE(follower.left_behind());
  }
  SECTION("when one had to leave the host") {
    f.server.execute("SET GLOBAL read_only = 1");
    REQUIRE(must<pong>(leaver, ping{}).host == second);
    f.server.execute("SET GLOBAL read_only = 0"); // nothing on the first host sends the other one away
    CHECK(follower.server()->address == first);
    CHECK(follower.left_behind());
    CHECK_FALSE(leaver.left_behind());
    SECTION("the other follows at its next command") {
      CHECK(must<pong>(follower, ping{}).host == second);
    }
    SECTION("the other follows when it is to be connected") {
      REQUIRE(follower.connect().has_value());
      CHECK(follower.server()->address == second);
    }
    CHECK_FALSE(follower.left_behind());
    CHECK(follower.counters().connects == 2);
    CHECK(must<pong>(leaver, ping{}).host == second);
    CHECK(must<pong>(follower, ping{}).host == second);
    CHECK(leaver.counters().connects == 2);
    CHECK(follower.counters().connects == 2);
    CHECK(hosts->moves() == 1);
  }
}
