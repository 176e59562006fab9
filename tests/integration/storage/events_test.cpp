#include "catch.hpp"
#include "fixture.hpp"

#include <algorithm>
#include <future>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

namespace {

// Revokes tokens first to last, each with an event.
std::vector<core::revocation> revoke(session& db, std::uint32_t first, std::uint32_t last) {
  std::vector<core::revocation> events;
  for (auto n = first; n <= last; ++n) {
    change_token_status command;
    command.which = hash_of(n);
    command.target = credential_status::revoked;
    command.at = core::from_unix_ms(2'000'000 + n);
    command.origin = {core::channel::rest, "operator", "revocation-" + std::to_string(n)};
    events.push_back(must<changed_token>(db, command).event.value());
  }
  return events;
}

// As if the leases had run out.
void end_leases(const mariadb_server& server) {
  server.execute("UPDATE event_outbox SET lease_until = 0");
}

std::vector<std::uint64_t> numbers(const std::vector<core::revocation>& events) {
  std::vector<std::uint64_t> all;
  all.reserve(events.size());
  for (const auto& event : events)
    all.push_back(event.sequence);
  return all;
}

using milliseconds = std::chrono::milliseconds;

// How long the newest lease still lasts by the database's clock.
milliseconds lease_left(const mariadb_server& server) {
  return milliseconds{
    std::stoll(server.value("SELECT MAX(lease_until) - FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) FROM event_outbox"))};
}

} // namespace

TEST_CASE("the database's clock is read to the millisecond") {
  const storage_fixture f;
  for (const auto* const moment : {"2026-11-22 14:17:00.001", "2026-11-22 14:17:00.999", "2031-01-01 00:00:00.573"}) {
    const std::string exact =
      "CAST(UNIX_TIMESTAMP(CAST('" + std::string{moment} + "' AS DATETIME(3))) * 1000 AS SIGNED)";
    CHECK(f.server.value("SELECT RIGHT(" + exact + ", 3)") == std::string{moment}.substr(20));
  }
}

TEST_CASE("an event is leased to its writer, and after that to the replica that claims it") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 3);
  const auto events = revoke(db, 1, 3);
  CHECK(lease_left(f.server) <= outbox_lease);
  CHECK(lease_left(f.server) > outbox_lease - milliseconds{4000});
  auto claimed = must<claimed_events>(db, claim_events{});
  CHECK(claimed.events.empty());
  CHECK(claimed.pending == 3);

  end_leases(f.server);
  CHECK(must<claimed_events>(db, claim_events{0}).events.empty());
  CHECK(must<claimed_events>(db, claim_events{0}).pending == 3);
  claimed = must<claimed_events>(db, claim_events{2});
  CHECK(claimed.events == std::vector<core::revocation>{events[0], events[1]});
  CHECK(claimed.pending == 3);
  CHECK(lease_left(f.server) > outbox_lease - milliseconds{4000});
  CHECK(must<claimed_events>(db, claim_events{}).events == std::vector<core::revocation>{events[2]});
  CHECK(must<claimed_events>(db, claim_events{}).events.empty());

  CHECK(must<confirmed_events>(db, confirm_events{{events[0].sequence, events[2].sequence, 999}}).removed == 2);
  CHECK(must<confirmed_events>(db, confirm_events{{events[0].sequence}}).removed == 0);
  CHECK(must<confirmed_events>(db, confirm_events{}).removed == 0);
  CHECK(must<claimed_events>(db, claim_events{0}).pending == 1);
  end_leases(f.server);
  CHECK(must<claimed_events>(db, claim_events{}).events == std::vector<core::revocation>{events[1]});
  CHECK(refusal(db, claim_events{257}).code == core::errc::invalid);
  CHECK(refusal(db, confirm_events{std::vector<std::uint64_t>(257)}).code == core::errc::invalid);
}

TEST_CASE("a claim skips rows that another transaction has locked, without waiting") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 6);
  const auto events = revoke(db, 1, 6);
  end_leases(f.server);
  auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  const auto locked =
    other->query("SELECT seq FROM event_outbox FORCE INDEX (PRIMARY) ORDER BY seq LIMIT 2 FOR UPDATE");
  REQUIRE(locked.has_value());
  const auto begun = std::chrono::steady_clock::now();
  CHECK(numbers(must<claimed_events>(db, claim_events{3}).events)
        == std::vector<std::uint64_t>{events[2].sequence, events[3].sequence, events[4].sequence});
  CHECK(std::chrono::steady_clock::now() - begun < milliseconds{900});
  run(*other, "ROLLBACK");
  CHECK(numbers(must<claimed_events>(db, claim_events{}).events)
        == std::vector<std::uint64_t>{events[0].sequence, events[1].sequence, events[5].sequence});
}

TEST_CASE("several replicas that drain one outbox claim each event once") {
  const storage_fixture f;
  session setup{f.server.settings()};
  REQUIRE(setup.connect().has_value());
  f.server.execute("INSERT INTO revocation (kind, application, endpoint_id, ids, correlation_id, at) SELECT 1, '', '', "
                   "UNHEX(MD5(seq)), 'c', seq FROM seq_1_to_3000");
  f.server.execute("INSERT INTO event_outbox SELECT seq, 0 FROM revocation");
  std::vector<std::future<std::vector<std::uint64_t>>> replicas;
  replicas.reserve(4);
  for (int i = 0; i < 4; ++i) {
    replicas.push_back(std::async(std::launch::async, [&f] {
      const client_thread thread;
      session db{f.server.settings()};
      std::vector<std::uint64_t> mine;
      for (;;) {
        const auto claimed = must<claimed_events>(db, claim_events{});
        if (claimed.pending == 0)
          return mine;
        const auto some = numbers(claimed.events);
        mine.insert(mine.end(), some.begin(), some.end());
        // After a lock time-out, the repetition does not count what the attempt before has removed.
        CHECK(must<confirmed_events>(db, confirm_events{some}).removed <= some.size());
      }
    }));
  }
  std::vector<std::uint64_t> all;
  for (auto& replica : replicas) {
    const auto some = replica.get();
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(all.size() == 3000);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("revocations are listed after the cursor, by ascending number, with all fields") {
  const storage_fixture f;
  session db{f.server.settings()};
  CHECK(must<revocation_page>(db, list_revocations{}).items.empty());
  make_tokens(db, 1, 5);
  const auto events = revoke(db, 1, 5);
  const auto list = [&](std::uint64_t after, std::uint32_t limit) {
    return must<revocation_page>(db, list_revocations{after, limit}).items;
  };
  CHECK(list(0, 100) == events);
  CHECK(list(0, 2) == std::vector<core::revocation>{events[0], events[1]});
  CHECK(list(events[1].sequence, 2) == std::vector<core::revocation>{events[2], events[3]});
  CHECK(list(events[4].sequence, 2).empty());
  CHECK(list(~std::uint64_t{0}, 2).empty());
  CHECK(refusal(db, list_revocations{0, 0}).code == core::errc::invalid);
  CHECK(refusal(db, list_revocations{0, 1001}).code == core::errc::invalid);
}

TEST_CASE("a page of revocations is bounded by the bytes of its IDs, and has one revocation at least") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 5);
  const auto events = revoke(db, 1, 5);
  const auto list = [&](std::uint64_t after, std::uint32_t id_bytes) {
    return must<revocation_page>(db, list_revocations{after, 100, id_bytes}).items;
  };
  CHECK(list(0, 80) == events);
  CHECK(list(0, 79).size() == 4);
  CHECK(list(0, 32) == std::vector<core::revocation>{events[0], events[1]});
  CHECK(list(events[1].sequence, 1) == std::vector<core::revocation>{events[2]});
}

TEST_CASE("a list waits for a writer that has its number and has not committed, and then shows its row") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 2);
  // As storage writes it, held open before the commit.
  auto writer = connect(f.server);
  static const std::string text =
    "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) "
    "SELECT 0, 'app', 'ep-1', X'00000000000000000000000000000063', 3, 'slow', 7 FROM revocation_gate WHERE id = 1 LOCK "
    "IN SHARE MODE";
  run(*writer, "START TRANSACTION");
  run(*writer, text);
  // Another writer is not hindered, gets a higher number, and commits first.
  const auto fast = revoke(db, 1, 1);
  CHECK(db.counters().retries == 0);

  auto reader = std::async(std::launch::async, [&f] {
    const client_thread thread;
    session other{f.server.settings()};
    return must<revocation_page>(other, list_revocations{}).items;
  });
  wait_until([&] { return somebody_waits(f.server); });
  const bool commits = GENERATE(true, false);
  run(*writer, commits ? "COMMIT" : "ROLLBACK");
  const auto shown = reader.get();
  REQUIRE(shown.size() == (commits ? 2U : 1U));
  CHECK(shown.back() == fast[0]);
  if (commits) {
    CHECK(shown[0].sequence < fast[0].sequence);
    CHECK(shown[0].correlation_id == "slow");
  }
}

TEST_CASE("a writer that comes while a list reads its mark waits for it only") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  auto reader = connect(f.server);
  run(*reader, "START TRANSACTION");
  REQUIRE(reader->query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE").has_value());
  auto writer = std::async(std::launch::async, [&] {
    const client_thread thread;
    return revoke(db, 1, 1);
  });
  wait_until([&] { return somebody_waits(f.server); });
  CHECK(count_of(f.server, "revocation") == 0);
  run(*reader, "COMMIT");
  CHECK(writer.get().size() == 1);
}

TEST_CASE("readers that follow the cursor while four writers revoke miss nothing") {
  const storage_fixture f;
  session setup{f.server.settings()};
  constexpr std::uint32_t each = 40;
  constexpr std::uint64_t revoked = 160;
  constexpr std::uint32_t writers = 4;
  static_assert(revoked == std::uint64_t{each} * writers);
  make_tokens(setup, 1, each * writers);
  std::vector<std::future<void>> work;
  for (std::uint32_t w = 0; w < writers; ++w) {
    work.push_back(std::async(std::launch::async, [&f, w] {
      const client_thread thread;
      session db{f.server.settings()};
      static_cast<void>(revoke(db, w * each + 1, (w + 1) * each));
    }));
  }
  std::vector<std::uint64_t> seen;
  wait_until([&] {
    const auto page = must<revocation_page>(setup, list_revocations{seen.empty() ? 0 : seen.back(), 7}).items;
    for (const auto& item : page)
      seen.push_back(item.sequence);
    return seen.size() >= revoked;
  });
  for (auto& one : work)
    one.get();
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.size() == count_of(f.server, "revocation"));
}

namespace {

using std::chrono::hours;

// Appends audit rows of this age; negative: in the future.
void add_audit(const mariadb_server& server, std::uint32_t rows, milliseconds age) {
  server.execute(
    "INSERT INTO credential_audit (credential_id, at, channel, actor, correlation_id) SELECT UNHEX(MD5(seq)), "
    + before_now(age) + ", 0, '', '' FROM seq_1_to_" + std::to_string(rows));
}

// Revocations 1, 2, 3 … of these ages, without outbox rows.
void add_revocations(const mariadb_server& server, std::initializer_list<milliseconds> ages) {
  for (const auto age : ages)
    server.execute(
      "INSERT INTO revocation (kind, application, endpoint_id, ids, correlation_id, at) VALUES (1, '', '', "
      "REPEAT('i', 16), 'c', "
      + before_now(age) + ")");
}

// Audit rows that are older than that.
std::string old_audit_rows(const mariadb_server& server, milliseconds retention) {
  return server.value("SELECT COUNT(*) FROM credential_audit WHERE at < " + before_now(retention));
}

} // namespace

TEST_CASE("old rows are deleted a bounded number at a time, except revocations that are in the outbox") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  add_audit(f.server, 7, hours{3});
  add_audit(f.server, 3, hours{1});
  for (int i = 0; i < 7; ++i)
    add_revocations(f.server, {hours{3}});
  add_revocations(f.server, {hours{1}});
  f.server.execute("INSERT INTO event_outbox (seq, lease_until) VALUES (3, 0), (8, 0)");
  prune command{hours{2}, hours{2}, 3};
  auto done = must<pruned>(db, command);
  CHECK(done.audit_rows == 3);
  CHECK(done.revocations == 3); // 1, 2 and 4: 3 is in the outbox
  CHECK(done.audit_next == 3);
  CHECK_FALSE(done.audit_end);
  done = must<pruned>(db, command);
  CHECK(done.audit_rows == 3);
  CHECK(done.revocations == 3);
  done = must<pruned>(db, command);
  CHECK(done.audit_rows == 1);
  CHECK(done.revocations == 0);
  done = must<pruned>(db, command);
  CHECK(done.audit_rows == 0);
  CHECK(done.audit_end);
  CHECK(count_of(f.server, "credential_audit") == 3);
  CHECK(numbers(must<revocation_page>(db, list_revocations{}).items) == std::vector<std::uint64_t>{3, 8});
  command = {milliseconds{0}, milliseconds{0}, 1000};
  done = must<pruned>(db, command);
  CHECK(done.audit_rows == 3);
  CHECK(done.revocations == 0);
  CHECK(count_of(f.server, "revocation") == count_of(f.server, "event_outbox"));
  // Numbers go on where they were.
  add_revocations(f.server, {hours{0}});
  CHECK(f.server.value("SELECT MAX(seq) FROM revocation") == "9");
}

TEST_CASE("rows with a time of the future hide no old row behind them") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  const prune command{hours{24}, hours{24}, 100};
  SECTION("one row") {
    add_audit(f.server, 1, -hours{24 * 365});
    add_audit(f.server, 5, hours{25});
    add_revocations(f.server, {-hours{24 * 365}, hours{25}, -hours{1}, hours{26}});
    const auto done = must<pruned>(db, command);
    CHECK(done.audit_rows == 5);
    CHECK(done.revocations == 2);
  }
  SECTION("several hundred in a row, with old ones between and behind them") {
    add_audit(f.server, 350, -hours{1});
    add_audit(f.server, 2, hours{25});
    add_audit(f.server, 350, -hours{1});
    add_audit(f.server, 3, hours{25});
    auto done = must<pruned>(db, command);
    CHECK(done.audit_rows == 2);
    auto next = command;
    next.audit_after = done.audit_next;
    done = must<pruned>(db, next);
    CHECK(done.audit_rows == 3);
  }
  SECTION("more than one command looks through: it says where to go on") {
    add_audit(f.server, 1000, -hours{1});
    add_audit(f.server, 3, hours{25});
    auto done = must<pruned>(db, command);
    CHECK(done.audit_rows == 0);
    CHECK(done.audit_next == 800);
    CHECK_FALSE(done.audit_end);
    auto next = command;
    next.audit_after = done.audit_next;
    CHECK(must<pruned>(db, next).audit_rows == 3);
  }
  CHECK(old_audit_rows(f.server, hours{24}) == "0");
}

TEST_CASE("an invalid number of rows or retention is refused") {
  const storage_fixture f;
  session db{f.server.settings()};
  CHECK(refusal(db, prune{hours{1}, hours{1}, 0}).code == core::errc::invalid);
  CHECK(refusal(db, prune{hours{1}, hours{1}, 1001}).code == core::errc::invalid);
  CHECK(refusal(db, prune{-hours{1}, hours{1}}).code == core::errc::invalid);
  CHECK(refusal(db, prune{hours{1}, -hours{1}}).code == core::errc::invalid);
}

TEST_CASE("the age of the oldest event is measured by the database's clock, and is 0 for one in the future") {
  const storage_fixture f;
  session db{f.server.settings()};
  CHECK(must<claimed_events>(db, claim_events{0}).oldest_sequence == 0);
  add_revocations(f.server, {hours{9}, hours{2}, -hours{3}});
  f.server.execute("INSERT INTO event_outbox (seq, lease_until) VALUES (2, 0), (3, 0)");
  auto claimed = must<claimed_events>(db, claim_events{0});
  CHECK(claimed.oldest_sequence == 2);
  CHECK(claimed.oldest_age >= hours{2});
  CHECK(claimed.oldest_age < hours{2} + std::chrono::minutes{1});
  REQUIRE(must<confirmed_events>(db, confirm_events{{2}}).removed == 1);
  claimed = must<claimed_events>(db, claim_events{0});
  CHECK(claimed.oldest_sequence == 3);
  CHECK(claimed.oldest_age == milliseconds{0});
}

TEST_CASE("a transaction that was left open is ended by the server, and holds its locks no longer") {
  const storage_fixture f;
  auto settings = f.server.settings();
  settings.socket_timeout = milliseconds{1000};
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  auto lost =
    connection::open(settings, f.server.address(), {settings.connect_timeout, settings.socket_timeout}).value();
  run(*lost, "START TRANSACTION");
  REQUIRE(lost->query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE").has_value());
  CHECK(revoke(db, 1, 1).size() == 1);
  CHECK(lost->run("COMMIT").has_error());
}
