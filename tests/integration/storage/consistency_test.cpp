#include "consistency_fixture.hpp"

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

TEST_CASE("a row that differs from its last audit row is found, and both stay unchanged") {
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
  const texts all{"status-mismatch endpoint_token 1",   "missing-revocation endpoint_token 1",
                  "status-mismatch basic_credential 2", "status-mismatch x509_credential 3",
                  "missing-row credential_audit 4",     "unknown-status endpoint_token 5",
                  "missing-audit basic_credential 6"};
  CHECK(f.findings() == all);
  for (const auto& one : f.check()) {
    CHECK(one.since.has_value());
    CHECK(one.text.find("secret-phc") == std::string::npos);
    CHECK(f.mend(one)
          == (one.kind == inconsistency::missing_revocation ? outcome_kind::repaired : outcome_kind::manual));
  }
  // The change of the first was interrupted before its audit row; the right state of the others is unknown.
  auto left = all;
  left.erase(left.begin() + 1);
  CHECK(f.findings() == left);
  CHECK(f.server.value("SELECT GROUP_CONCAT(kind, application, to_status, correlation_id) FROM revocation WHERE at = "
                       "(SELECT created_at FROM endpoint_token WHERE status = 2)")
        == "0app2cm-doctor");
  CHECK(f.server.value("SELECT GROUP_CONCAT(status ORDER BY id) FROM endpoint_token") == "2,9");
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

TEST_CASE("the page size does not change the findings, and 0 or too large a size is refused") {
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
