#include "consistency_fixture.hpp"

#include <algorithm>
#include <future>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

using texts = std::vector<std::string>;
using outcome_kind = repair_result::outcome_kind;

} // namespace

TEST_CASE("a credential that was revoked, suspended or deleted without a revocation is found, and repaired once") {
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
  "the kind of a deleted credential comes from an earlier revocation or its audit rows; else both kinds are revoked") {
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

TEST_CASE("an outbox row without a revocation is found and deleted, and one that no replica claims is found") {
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
