// A change that fails half-way leaves nothing behind: neither in the database nor on the connection.
#include "catch.hpp"
#include "fixture.hpp"
#include "sample_change.hpp"
#include "storage/sql/transaction.hpp"

#include <atomic>
#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

// A session with a lock wait time-out of one second.
struct locked_fixture : storage_fixture {
  locked_fixture() : db(impatient()) {}

  [[nodiscard]] core::database_settings impatient() const {
    auto settings = server.settings();
    settings.socket_timeout = std::chrono::milliseconds{2000};
    return settings;
  }

  // Executes the command while another session holds a lock that it needs; no time is left for a second attempt.
  core::error blocked(const std::string& lock, const command& what) {
    const auto other = connect(server);
    run(*other, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"); // locks the gaps too
    run(*other, "START TRANSACTION");
    static_cast<void>(other->query(lock));
    auto result = db.execute(what, std::chrono::steady_clock::now() + std::chrono::milliseconds{1200});
    run(*other, "ROLLBACK");
    if (result)
      throw std::runtime_error("it was not blocked");
    return result.error();
  }

  session db;
};

change_token_status revocation_of(std::uint32_t number) {
  return {token_address{"ep-1", id_of(number)}, credential_status::revoked, moment, origin, {}};
}

const std::string gate = "SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE";
const std::string all_audit_rows = "SELECT seq FROM credential_audit WHERE seq > 0 FOR UPDATE";

} // namespace

TEST_CASE("a change that a lock has stopped is not committed by the next change on its connection") {
  locked_fixture f;
  make_tokens(f.db, 1, 3);
  const auto* const lock = GENERATE(as<const std::string*>(), &gate, &all_audit_rows);
  INFO(*lock);
  const auto connects = f.db.counters().connects;
  command stopped = revocation_of(1);
  SECTION("a revocation") {}
  SECTION("a deletion") {
    stopped = delete_token{{"ep-1", id_of(1)}, moment, origin, {}};
  }
  SECTION("a deletion of all tokens") {
    stopped = delete_endpoint_tokens{"ep-1", moment, origin, {}};
  }
  CHECK(f.blocked(*lock, stopped).code == core::errc::unavailable);
  CHECK(f.db.counters().connects == connects); // the connection goes on

  must<one_client>(f.db, client_creation(client_kind::basic, 9));
  CHECK(count_of(f.server, "endpoint_token WHERE status = 0") == 3);
  CHECK(count_of(f.server, "credential_audit") == 4);
  CHECK(count_of(f.server, "revocation") == 0);
  CHECK(count_of(f.server, "event_outbox") == 0);

  SECTION("and repeated by its caller it is made whole") {
    static_cast<void>(must<changed_token>(f.db, revocation_of(1)));
    CHECK(count_of(f.server, "revocation") == 1);
    CHECK(count_of(f.server, "event_outbox") == 1);
    CHECK(audit_of(f.server, 1).size() == 2);
  }
}

TEST_CASE("a change that a lock has stopped is visible to no session, not even its own") {
  locked_fixture f;
  make_tokens(f.db, 1, 1);
  CHECK(f.blocked(gate, revocation_of(1)).code == core::errc::unavailable);
  const auto found = must<found_tokens>(f.db, find_tokens{{hash_of(1)}});
  REQUIRE(found.tokens.at(0).has_value());
  CHECK(found.tokens.at(0)->status == credential_status::inactive);
}

TEST_CASE("a change whose statement is killed leaves nothing open, and is made by its second attempt") {
  locked_fixture f;
  make_tokens(f.db, 1, 2);
  const auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  static_cast<void>(other->query(gate));
  std::atomic<bool> killed = false;
  std::thread killer([&] {
    wait_until([&] { return somebody_waits(f.server); });
    f.server.execute("KILL QUERY "
                     + f.server.value("SELECT id FROM information_schema.processlist WHERE user = 'cm' AND "
                                      "command = 'Execute' AND time_ms > 0 ORDER BY time_ms DESC LIMIT 1"));
    killed = true;
    run(*other, "ROLLBACK");
  });
  const auto result = f.db.execute(revocation_of(1), soon());
  killer.join();
  CHECK(killed);
  must<one_client>(f.db, client_creation(client_kind::basic, 9));
  const bool done = result.has_value();
  CHECK(count_of(f.server, "revocation") == (done ? 1 : 0));
  CHECK(count_of(f.server, "event_outbox") == (done ? 1 : 0));
  CHECK(count_of(f.server, "endpoint_token WHERE status = 3") == (done ? 1 : 0));
  CHECK(audit_of(f.server, 1).size() == (done ? 2U : 1U));
}

TEST_CASE("a transaction that goes out of scope is rolled back, and its connection is settled") {
  const storage_fixture f;
  session{f.server.settings()}.connect().value();
  const auto db = connect(f.server);
  {
    const auto begun = transaction::begin(*db);
    REQUIRE(begun.has_value());
    CHECK_FALSE(db->settled());
    run(*db, "INSERT INTO event_outbox (seq, lease_until) VALUES (1, 0)");
  }
  CHECK(db->settled());
  CHECK(count_of(f.server, "event_outbox") == 0);
  auto begun = transaction::begin(*db);
  REQUIRE(begun.has_value());
  run(*db, "INSERT INTO event_outbox (seq, lease_until) VALUES (1, 0)");
  CHECK(begun->commit().has_value());
  CHECK(db->settled());
  CHECK(count_of(f.server, "event_outbox") == 1);
}

TEST_CASE("a connection whose rollback the server did not acknowledge stays unsettled") {
  const storage_fixture f;
  session{f.server.settings()}.connect().value();
  const auto db = connect(f.server);
  {
    const auto begun = transaction::begin(*db);
    REQUIRE(begun.has_value());
    f.server.execute("KILL " + std::to_string(db->id()));
  }
  CHECK_FALSE(db->settled());
}
