#include "catch.hpp"
#include "fixture.hpp"
#include "storage/consistency.hpp"
#include "storage/consistency_repair.hpp"

#include <algorithm>
#include <future>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;
using std::chrono::hours;
using std::chrono::milliseconds;
using outcome_kind = repair_result::outcome_kind;

namespace {

consistency_settings kept() {
  return {hours{365 * 24}, hours{7 * 24}};
}

std::string literal(const core::uuid& id) {
  return "X'" + hex(id.bytes) + "'";
}

/// One credential made by hand, with its audit rows: any state that a database may be in.
struct hand_made {
  const mariadb_server& server;
  core::uuid id;
  milliseconds age = hours{2}; ///< of the next audit row; each is a second younger than the one before

  void audit(const std::string& from, const std::string& to, int channel = 0) {
    server.execute("INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, "
                   "correlation_id) VALUES ("
                   + literal(id) + ", " + before_now(age) + ", " + from + ", " + to + ", " + std::to_string(channel)
                   + ", '', 'c-" + core::to_string(id) + "')");
    age -= std::chrono::seconds{1};
  }

  // The revocation of the last audit row.
  void tell() const {
    server.execute(
      "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) SELECT 0, "
      "'app', 'ep-1', CONCAT(REPEAT('x', 16), credential_id), to_status, correlation_id, at FROM "
      "credential_audit WHERE credential_id = "
      + literal(id) + " ORDER BY seq DESC LIMIT 1");
  }

  void token(int status, const std::string& application = "app") const {
    server.execute("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) VALUES ("
                   + literal(id) + ", UNHEX(SHA2(" + literal(id) + ", 256)), '" + application + "', 'ep-1', "
                   + std::to_string(status) + ", " + before_now(age) + ")");
  }

  void basic(int status) const {
    server.execute("INSERT INTO basic_credential (id, username, password_phc, client_id, status, created_at) VALUES ("
                   + literal(id) + ", HEX(" + literal(id) + "), 'secret-phc', 'client', " + std::to_string(status)
                   + ", " + before_now(age) + ")");
  }

  void x509(int status) const {
    server.execute(
      "INSERT INTO x509_credential (id, subject_hash, issuer, serial, client_id, status, created_at) VALUES ("
      + literal(id) + ", UNHEX(SHA2(" + literal(id) + ", 256)), 'CN=ca', '1', 'client', " + std::to_string(status)
      + ", " + before_now(age) + ")");
  }
};

/// A database with CM's tables, and a connection to it.
struct consistency_fixture : storage_fixture {
  consistency_fixture() {
    session setup{server.settings()};
    REQUIRE(setup.connect().has_value());
    db = connect(server);
  }

  hand_made credential(std::uint32_t number) const { return {server, id_of(number)}; }

  [[nodiscard]] std::vector<inconsistent_row> check(consistency_settings settings = kept()) const {
    std::vector<inconsistent_row> all;
    const auto done = check_consistency(*db, settings,
                                        {[&](const inconsistent_row& found) -> outcome<void> {
                                           all.push_back(found);
                                           return {};
                                         },
                                         {}});
    if (!done)
      throw std::runtime_error(done.error().error.detail);
    return all;
  }

  // "missing-revocation endpoint_token 7", by the numbers of id_of().
  [[nodiscard]] std::vector<std::string> findings(consistency_settings settings = kept()) const {
    std::vector<std::string> out;
    for (const auto& one : check(settings)) {
      auto id = one.id;
      for (std::uint32_t n = 0; n < 100; ++n) {
        if (one.id == core::to_string(id_of(n)))
          id = std::to_string(n);
      }
      out.push_back(std::string{to_string(one.kind)} + ' ' + one.table + ' ' + id);
    }
    return out;
  }

  [[nodiscard]] outcome_kind mend(const inconsistent_row& found) const {
    const auto done = repair(*db, kept(), found);
    if (!done)
      throw std::runtime_error(done.error().error.detail);
    return done->kind;
  }

  std::unique_ptr<connection> db;
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("what CM itself writes is consistent: every state of every kind, with and without deletion") {
  const consistency_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 6);
  std::uint32_t n = 0;
  for (const auto to : {credential_status::active, credential_status::suspended, credential_status::revoked}) {
    change_token_status command;
    command.which = hash_of(++n);
    command.target = to;
    command.at = core::now_ms();
    command.origin = {core::channel::rest, "operator", "c"};
    static_cast<void>(must<changed_token>(db, command));
  }
  delete_token erase;
  erase.which = {"ep-1", id_of(4)};
  erase.at = core::now_ms();
  erase.origin = {core::channel::rest, "operator", "d"};
  static_cast<void>(must<deleted_tokens>(db, erase));
  CHECK(f.findings().empty());
  CHECK(count_of(f.server, "revocation") == 3);
}

TEST_CASE("a credential that was revoked, suspended or deleted without a revocation is found, and mended once") {
  const consistency_fixture f;
  auto token = f.credential(1);
  token.audit("NULL", "0");
  token.audit("0", "1");
  token.audit("1", "3");
  token.token(3);
  auto basic = f.credential(2);
  basic.audit("NULL", "0");
  basic.audit("0", "2");
  basic.basic(2);
  auto x509 = f.credential(3);
  x509.audit("NULL", "1");
  x509.audit("1", "2");
  x509.audit("2", "3"); // no revocation is due for this, but for the change before it
  x509.x509(3);
  auto erased = f.credential(4);
  erased.audit("NULL", "0", 3);
  erased.audit("0", "NULL");
  auto told = f.credential(5);
  told.audit("NULL", "0");
  told.audit("0", "3");
  told.tell();
  told.token(3);
  CHECK(f.findings()
        == texts{"missing-revocation endpoint_token 1", "missing-revocation basic_credential 2",
                 "missing-revocation x509_credential 3", "missing-revocation credential_audit 4"});

  const auto status_before = f.server.value("SELECT GROUP_CONCAT(status ORDER BY id) FROM endpoint_token");
  const auto audit_before = count_of(f.server, "credential_audit");
  const auto found = f.check();
  for (const auto& one : found) {
    INFO(one.id);
    CHECK(f.mend(one) == outcome_kind::repaired);
    CHECK(f.mend(one) == outcome_kind::vanished);
  }
  CHECK(f.findings().empty());
  CHECK(f.server.value("SELECT GROUP_CONCAT(status ORDER BY id) FROM endpoint_token") == status_before);
  CHECK(count_of(f.server, "credential_audit") == audit_before);

  // As the change would have written it, and in the outbox for the replicas.
  CHECK(
    f.server.value("SELECT GROUP_CONCAT(kind, ':', application, ':', endpoint_id, ':', IFNULL(to_status, '-') ORDER "
                   "BY seq SEPARATOR ' ') FROM revocation WHERE seq IN (SELECT seq FROM event_outbox)")
    == "0:app:ep-1:3 1:::2 2:::2 0:::-");
  CHECK(f.server.value("SELECT COUNT(*) FROM revocation AS r JOIN credential_audit AS a ON a.at = r.at AND "
                       "a.correlation_id = r.correlation_id AND a.credential_id = r.ids")
        == "4");
}

TEST_CASE(
  "of a deleted credential the kind comes from an earlier revocation or from its audit rows, else both are told") {
  const consistency_fixture f;
  auto known = f.credential(1);
  known.audit("NULL", "0");
  known.audit("0", "2");
  known.tell();
  known.audit("2", "NULL");
  auto password = f.credential(2);
  password.audit("NULL", "0");
  password.audit("0", "0");
  password.audit("0", "NULL");
  auto endpoint = f.credential(3);
  endpoint.audit("NULL", "0");
  endpoint.audit("0", "NULL", 2);
  auto unknown = f.credential(4);
  unknown.audit("NULL", "0");
  unknown.audit("0", "NULL");
  for (const auto& one : f.check())
    CHECK(f.mend(one) == outcome_kind::repaired);
  CHECK(f.server.value("SELECT GROUP_CONCAT(kind, ':', application, ':', endpoint_id ORDER BY seq SEPARATOR ' ') FROM "
                       "revocation WHERE seq IN (SELECT seq FROM event_outbox)")
        == "0:app:ep-1 1:: 0:: 0:: 1::");
  CHECK(f.findings().empty());
}

TEST_CASE("what was pruned, re-activated, created unusable or changed its password is not missing a revocation") {
  const consistency_fixture f;
  auto old = f.credential(1);
  old.age = hours{8 * 24};
  old.audit("NULL", "0");
  old.audit("0", "3");
  old.token(3);
  auto active = f.credential(2);
  active.audit("NULL", "0");
  active.audit("0", "2");
  active.audit("2", "1");
  active.token(1);
  auto imported = f.credential(3);
  imported.audit("NULL", "2", 3);
  imported.audit("2", "3");
  imported.token(3);
  auto password = f.credential(4);
  password.audit("NULL", "0");
  password.audit("0", "2");
  password.tell();
  password.audit("2", "2");
  password.basic(2);
  CHECK(f.findings().empty());
  auto longer = kept();
  longer.revocations_retention = hours{9 * 24};
  CHECK(f.findings(longer) == texts{"missing-revocation endpoint_token 1"});
}

TEST_CASE("a row and its last audit row that disagree are found, and left as they are") {
  const consistency_fixture f;
  auto suspended = f.credential(1);
  suspended.audit("NULL", "0");
  suspended.token(2);
  auto active = f.credential(2);
  active.audit("NULL", "0");
  active.audit("0", "3");
  active.basic(1);
  auto deleted = f.credential(3);
  deleted.audit("NULL", "0");
  deleted.audit("0", "NULL");
  deleted.x509(0);
  auto lost = f.credential(4);
  lost.audit("NULL", "0");
  auto strange = f.credential(5);
  strange.audit("NULL", "0");
  strange.token(9);
  auto unaudited = f.credential(6);
  unaudited.basic(1);
  const texts all{"status-mismatch endpoint_token 1",  "status-mismatch basic_credential 2",
                  "status-mismatch x509_credential 3", "missing-row credential_audit 4",
                  "unknown-status endpoint_token 5",   "missing-audit basic_credential 6"};
  CHECK(f.findings() == all);
  for (const auto& one : f.check()) {
    CHECK(one.since.has_value());
    CHECK(one.text.find("secret-phc") == std::string::npos);
    CHECK(f.mend(one) == outcome_kind::manual);
  }
  CHECK(f.findings() == all);
  CHECK(count_of(f.server, "revocation") == 0);
}

TEST_CASE("a status that is NULL is unknown") {
  const consistency_fixture f;
  f.server.execute("ALTER TABLE endpoint_token MODIFY status TINYINT UNSIGNED NULL");
  auto token = f.credential(1);
  token.audit("NULL", "0");
  token.token(0);
  f.server.execute("UPDATE endpoint_token SET status = NULL");
  CHECK(f.findings() == texts{"unknown-status endpoint_token 1"});
}

TEST_CASE("what the retention of the audit trail explains is no finding") {
  const consistency_fixture f;
  auto unaudited = f.credential(1);
  unaudited.age = hours{366 * 24};
  unaudited.token(1);
  auto changed = f.credential(2); // its last audit row was deleted, an older one with a wrong time stays
  changed.age = hours{366 * 24};
  changed.audit("NULL", "0");
  changed.token(2);
  CHECK(f.findings().empty());
  auto longer = kept();
  longer.audit_retention = hours{367 * 24};
  CHECK(f.findings(longer) == texts{"status-mismatch endpoint_token 2", "missing-audit endpoint_token 1"});
}

TEST_CASE("an outbox row without a revocation is found and deleted, and one that nobody claims is found") {
  const consistency_fixture f;
  auto token = f.credential(1);
  token.audit("NULL", "0");
  token.audit("0", "3");
  token.token(3);
  token.tell();
  f.server.execute("INSERT INTO event_outbox (seq, lease_until) SELECT seq, " + before_now(hours{2})
                   + " FROM revocation");
  f.server.execute("INSERT INTO event_outbox (seq, lease_until) VALUES (4711, " + before_now(hours{2}) + ")");
  const auto found = f.check();
  REQUIRE(found.size() == 2);
  CHECK(found[0].kind == inconsistency::stuck_event);
  CHECK(found[0].since.has_value());
  CHECK(found[1].kind == inconsistency::orphan_event);
  CHECK(found[1].id == "4711");
  CHECK(f.mend(found[0]) == outcome_kind::manual);
  CHECK(f.mend(found[1]) == outcome_kind::repaired);
  CHECK(f.mend(found[1]) == outcome_kind::vanished);
  CHECK(f.check().size() == 1);
  f.server.execute("UPDATE event_outbox SET lease_until = " + before_now(std::chrono::minutes{59}));
  CHECK(f.check().empty());
}

TEST_CASE("pages of any length find the same, and none or too long ones are refused") {
  const consistency_fixture f;
  texts expected;
  for (std::uint32_t n = 1; n <= 7; ++n) {
    auto token = f.credential(n);
    token.audit("NULL", "0");
    token.audit("0", "3");
    if (n % 3 == 0)
      token.tell();
    else
      expected.push_back("missing-revocation endpoint_token " + std::to_string(n));
    token.token(3);
    f.server.execute("INSERT INTO event_outbox (seq, lease_until) VALUES (" + std::to_string(1000 + n) + ", 0)");
  }
  for (std::uint32_t n = 1; n <= 7; ++n)
    expected.push_back("orphan-event event_outbox " + std::to_string(1000 + n));
  for (const std::uint32_t page : {1U, 2U, 7U, 1000U}) {
    auto settings = kept();
    settings.page = page;
    CHECK(f.findings(settings) == expected);
  }
  for (const std::uint32_t page : {0U, 1001U}) {
    auto settings = kept();
    settings.page = page;
    CHECK_THROWS(f.findings(settings));
  }
}

TEST_CASE("the last audit row of each credential is read by its index alone") {
  const consistency_fixture f;
  for (std::uint32_t n = 1; n <= 50; ++n) {
    auto token = f.credential(n);
    for (int i = 0; i < 20; ++i)
      token.audit("1", "1");
  }
  f.server.execute("ANALYZE TABLE credential_audit");
  CHECK(f.db
          ->query("EXPLAIN SELECT credential_id, MAX(seq) AS seq FROM credential_audit FORCE INDEX (credential) WHERE "
                  "credential_id > X'00' GROUP BY credential_id ORDER BY credential_id LIMIT 1000")
          ->front()
          .back()
          .value_or("")
          .find("Using index for group-by")
        != std::string::npos);
}

TEST_CASE("a finding that a replica settles before the repair has its locks is not repaired") {
  const consistency_fixture f;
  auto token = f.credential(1);
  token.audit("NULL", "0");
  token.audit("0", "2");
  token.token(2);
  const auto found = f.check();
  REQUIRE(found.size() == 1);
  auto replica = connect(f.server);
  run(*replica, "START TRANSACTION");
  run(*replica, "UPDATE endpoint_token SET status = 1 WHERE id = " + literal(id_of(1)));
  auto repairing = std::async(std::launch::async, [&] {
    const client_thread thread;
    return f.mend(found[0]);
  });
  wait_until([&] { return somebody_waits(f.server); });
  run(*replica,
      "INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) "
      "VALUES ("
        + literal(id_of(1)) + ", " + before_now(milliseconds{0}) + ", 2, 1, 0, '', 'again')");
  run(*replica, "COMMIT");
  CHECK(repairing.get() == outcome_kind::vanished);
  CHECK(count_of(f.server, "revocation") == 0);
}

TEST_CASE("two repairs at the same time write one revocation, whether the credential is there or not") {
  const consistency_fixture f;
  const bool deleted = GENERATE(true, false);
  auto token = f.credential(1);
  token.audit("NULL", "0", 3);
  token.audit("0", deleted ? "NULL" : "3");
  if (!deleted)
    token.token(3);
  const auto found = f.check();
  REQUIRE(found.size() == 1);
  auto gate = connect(f.server);
  run(*gate, "START TRANSACTION");
  REQUIRE(gate->query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE").has_value());
  const auto start = [&] {
    return std::async(std::launch::async, [&] {
      const client_thread thread;
      const auto db = connect(f.server);
      return repair(*db, kept(), found[0])->kind;
    });
  };
  auto first = start();
  wait_until([&] { return somebody_waits(f.server); });
  auto second = start();
  run(*gate, "COMMIT");
  std::vector<outcome_kind> kinds{first.get(), second.get()};
  std::sort(kinds.begin(), kinds.end());
  CHECK(kinds == std::vector<outcome_kind>{outcome_kind::repaired, outcome_kind::vanished});
  CHECK(count_of(f.server, "revocation") == 1);
  CHECK(count_of(f.server, "event_outbox") == 1);
}
