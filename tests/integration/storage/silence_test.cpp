// A server or a connection that sends nothing, or sends slowly, holds a session for a bounded time.
#include "catch.hpp"
#include "cut_proxy.hpp"
#include "fixture.hpp"
#include "sample_change.hpp"

#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Two servers with the time-outs that CM has by default; the first one is behind a proxy.
struct two_servers : storage_fixture {
  two_servers() : proxy(server.port()), hosts(std::make_shared<host_choice>()) {
    settings = server.settings();
    settings.connect_timeout = milliseconds{5000};
    settings.socket_timeout = milliseconds{10000};
    settings.hosts = {{"127.0.0.1", proxy.port()}, second.address()};
  }

  [[nodiscard]] std::string at_second() const { return "127.0.0.1:" + std::to_string(second.port()); }

  cut_proxy proxy;
  const mariadb_server second;
  core::database_settings settings;
  std::shared_ptr<host_choice> hosts;
};

} // namespace

TEST_CASE("a session leaves a server that is frozen for another host within 3 s") {
  two_servers f;
  SECTION("in the middle of a command") {
    session db{f.settings, newer_schema::refused, {}, f.hosts};
    static_cast<void>(must<pong>(db, ping{}));
    f.server.pause();
    const auto begun = steady::now();
    const auto answer = db.execute(ping{}, soon());
    const auto took = steady::now() - begun;
    f.server.resume();
    REQUIRE(answer.has_value());
    CHECK(std::get<pong>(*answer).host == f.at_second());
    CHECK(took < seconds{3});
  }
  SECTION("when it connects") {
    f.server.pause();
    session db{f.settings, newer_schema::refused, {}, f.hosts};
    const auto begun = steady::now();
    const auto connected = db.connect();
    const auto took = steady::now() - begun;
    f.server.resume();
    REQUIRE(connected.has_value());
    CHECK(db.server()->address == f.at_second());
    CHECK(took < seconds{3});
  }
  CHECK(f.hosts->preferred() == 1);
}

TEST_CASE("a statement that runs is waited for, although its server sends nothing for longer") {
  two_servers f;
  session db{f.settings, newer_schema::refused, {}, f.hosts};
  make_tokens(db, 1, 1);
  const auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  static_cast<void>(other->query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE"));
  std::thread unlocking{[&] {
    std::this_thread::sleep_for(milliseconds{2500});
    run(*other, "ROLLBACK");
  }};
  const auto changed = db.execute(
    change_token_status{token_address{"ep-1", id_of(1)}, core::credential_status::revoked, moment, origin, {}}, soon());
  unlocking.join();
  CHECK(changed.has_value());
  CHECK(db.counters().connects == 1);
  CHECK(f.hosts->moves() == 0);
}

TEST_CASE("a connection that lost its statement is replaced alone, and the command is repeated") {
  two_servers f;
  const bool has_other_host = GENERATE(false, true);
  if (!has_other_host)
    f.settings.hosts.pop_back();
  session db{f.settings, newer_schema::refused, {}, f.hosts};
  make_tokens(db, 1, 1);
  f.proxy.arm(GENERATE(as<std::string>{}, "START TRANSACTION", "correlation-2", "COMMIT"), cut_proxy::moment::silent);
  const auto begun = steady::now();
  make_tokens(db, 2, 2);
  CHECK(f.proxy.fired());
  CHECK(steady::now() - begun < seconds{3});
  CHECK(count_of(f.server, "endpoint_token") == 2);
  CHECK(db.counters().connects == 2);
  CHECK(f.hosts->moves() == 0);
}

TEST_CASE("a server that sends slowly holds a session for no longer than the socket time-out") {
  two_servers f;
  f.settings.hosts.pop_back();
  f.settings.socket_timeout = milliseconds{2000};
  session db{f.settings, newer_schema::refused, {}, f.hosts};
  make_tokens(db, 1, 200);
  f.proxy.slow_down(1000);
  const auto begun = steady::now();
  const auto listed = db.execute(list_tokens{"ep-1", {}, 0, 200, false}, begun + seconds{1});
  const auto took = steady::now() - begun;
  f.proxy.slow_down(0);
  REQUIRE(!listed);
  CHECK(listed.error().code == core::errc::unavailable);
  CHECK(listed.error().detail.find("its deadline has passed") != std::string::npos);
  CHECK(took < milliseconds{3500});
  static_cast<void>(must<pong>(db, ping{}));
}

TEST_CASE("a host that sends its greeting slowly costs the connect time-out, and then the next host is used") {
  two_servers f;
  f.settings.connect_timeout = milliseconds{1000};
  f.proxy.slow_down(10);
  session db{f.settings, newer_schema::refused, {}, f.hosts};
  const auto begun = steady::now();
  CHECK(must<pong>(db, ping{}).host == f.at_second());
  CHECK(steady::now() - begun < milliseconds{2500});
}

TEST_CASE("a session leaves a host that accepts connections and breaks every statement") {
  two_servers f;
  session db{f.settings, newer_schema::refused, {}, f.hosts};
  f.proxy.reject(GENERATE(as<std::string>{}, "endpoint_token", "cm_schema_history", "SET SESSION"));
  make_tokens(db, 1, 1);
  CHECK(db.server()->address == f.at_second());
  CHECK(count_of(f.second, "endpoint_token") == 1);
  CHECK(f.hosts->failed_lately(0, steady::now()));
}

TEST_CASE("sessions of a process do not try a host again that one of them has left") {
  two_servers f;
  f.server.pause();
  session first{f.settings, newer_schema::refused, {}, f.hosts};
  const auto connected = first.connect();
  session next{f.settings, newer_schema::refused, {}, f.hosts};
  const auto begun = steady::now();
  const auto followed = next.connect();
  const auto took = steady::now() - begun;
  f.server.resume();
  REQUIRE(connected.has_value());
  REQUIRE(followed.has_value());
  CHECK(took < milliseconds{900}); // the patience with a silent host is 1 s
}
