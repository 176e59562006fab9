#include "catch.hpp"
#include "core/observability/logging.hpp"
#include "fixture.hpp"
#include "storage/schema/migrations.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <atomic>
#include <sstream>
#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

std::string newest() {
  return std::to_string(compiled_migrations().back().version);
}

} // namespace

TEST_CASE("an empty database gets the whole schema and its record, and the next session finds it current") {
  const storage_fixture f;
  session first{f.server.settings()};
  REQUIRE(first.connect().has_value());
  CHECK(f.server.value("SELECT MAX(version) FROM cm_schema_history") == newest());
  CHECK(f.server.value("SELECT COUNT(*) FROM cm_schema_history") == newest());
  CHECK(f.server.value("SELECT checksum FROM cm_schema_history WHERE version = 1")
        == compiled_migrations()[0].checksum);
  CHECK(f.server.value("SELECT ABS(applied_at - UNIX_TIMESTAMP() * 1000) < 60000 FROM cm_schema_history LIMIT 1")
        == "1");

  // Does not even request the lock: another session holds it.
  auto holder = connect(f.server);
  REQUIRE(holder->query("SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 0)").value().at(0).at(0) == "1");
  session second{f.server.settings()};
  const auto begun = std::chrono::steady_clock::now();
  CHECK(second.connect().has_value());
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
}

TEST_CASE("eight sessions that start at once on an empty database all succeed, and each step is applied once") {
  const storage_fixture f;
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const client_thread thread;
      session db{f.server.settings()};
      if (db.connect() && db.execute(creation(static_cast<std::uint32_t>(i) + 1), soon()))
        ++succeeded;
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(succeeded == 8);
  CHECK(f.server.value("SELECT COUNT(*) FROM cm_schema_history") == newest());
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token") == "8");
}

TEST_CASE("a migration whose process was killed half-way blocks no other process and is completed") {
  const storage_fixture f;
  {
    auto victim = connect(f.server);
    REQUIRE(victim->query("SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 0)").value().at(0).at(0) == "1");
    const bool record_exists = GENERATE(false, true);
    if (record_exists)
      run(*victim, "CREATE TABLE cm_schema_history (version INT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(255) NOT "
                   "NULL, checksum CHAR(64) NOT NULL, applied_at BIGINT NOT NULL)");
    run(*victim, split_statements(compiled_migrations()[0].sql)[0]); // done, but not recorded
    kill_connections(f.server);
  }
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  CHECK(f.server.value("SELECT COUNT(*) FROM cm_schema_history") == newest());
  make_tokens(db, 1, 1);
}

TEST_CASE("a frozen process that holds the migration lock blocks others for less than 15 s, and is named") {
  const storage_fixture f;
  auto frozen = connect(f.server); // does what migrate_schema() does first, and then nothing
  run(*frozen, "SET SESSION wait_timeout=8");
  REQUIRE(frozen->query("SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 0)").value().at(0).at(0) == "1");
  std::ostringstream log;
  const auto logger = core::logger("cm.storage");
  logger->sinks().push_back(std::make_shared<spdlog::sinks::ostream_sink_mt>(log));

  const auto begun = std::chrono::steady_clock::now();
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{15});
  CHECK(f.server.value("SELECT COUNT(*) FROM cm_schema_history") == newest());
  logger->sinks().pop_back();
  CHECK(log.str().find("connection " + std::to_string(frozen->id()) + " from ") != std::string::npos);
  CHECK_FALSE(frozen->query("SELECT 1").has_value()); // it cannot go on
}

TEST_CASE("a schema of a newer release is refused at the start, clearly, and accepted by a session that ran already") {
  const storage_fixture f;
  session running{f.server.settings()};
  REQUIRE(running.connect().has_value());
  f.server.execute("INSERT INTO cm_schema_history VALUES (9001, 'from_the_future', REPEAT('0', 64), 0)");

  session starting{f.server.settings()};
  const auto refused = starting.connect();
  REQUIRE(!refused);
  CHECK(refused.error().code == core::errc::internal);
  CHECK(starting.refused());
  CHECK_FALSE(starting.connected());
  CHECK(starting.last_error().find("version 9001 (from_the_future)") != std::string::npos);

  kill_connections(f.server);
  CHECK(running.execute(ping{}, soon()).has_value());
  CHECK_FALSE(running.refused());
  session replacement{f.server.settings(), newer_schema::accepted};
  CHECK(replacement.connect().has_value());

  SECTION("and accepted after an operator has intervened") {
    f.server.execute("DELETE FROM cm_schema_history WHERE version = 9001");
    CHECK(starting.connect().has_value());
    CHECK_FALSE(starting.refused());
  }
}

TEST_CASE("a migration that was changed after it was applied is refused, by every session") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  f.server.execute("UPDATE cm_schema_history SET checksum = REPEAT('a', 64) WHERE version = 1");
  db.disconnect();
  const auto refused = db.connect();
  REQUIRE(!refused);
  CHECK(db.refused());
  CHECK(db.last_error().find("0001_endpoint_tokens") != std::string::npos);
  const auto answer = db.execute(ping{}, soon());
  REQUIRE(!answer);
  CHECK(answer.error().code == core::errc::unavailable);
}

TEST_CASE("dropped tables are created again at the next connection") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  f.server.recreate_database();
  const auto failed = db.execute(creation(2), soon());
  REQUIRE(!failed);
  CHECK(failed.error().code == core::errc::internal);
  make_tokens(db, 2, 2);
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token") == "1");
}

TEST_CASE("a dry run reports what it would do and changes nothing; the real run does it") {
  const storage_fixture f;
  const auto planned = update_schema(f.server.settings(), true);
  REQUIRE(planned.has_value());
  CHECK(planned->recorded == 0);
  CHECK(std::to_string(planned->known) == newest());
  CHECK(planned->steps.size() == compiled_migrations().size());
  CHECK(planned->steps.front() == "0001_endpoint_tokens");
  CHECK(planned->server == "127.0.0.1:" + std::to_string(f.server.port()));
  CHECK(f.server.query("SHOW TABLES").empty());

  const auto done = update_schema(f.server.settings(), false);
  REQUIRE(done.has_value());
  CHECK(done->steps == planned->steps);
  CHECK(f.server.query("SHOW TABLES").size() == 9);

  const auto again = update_schema(f.server.settings(), false);
  REQUIRE(again.has_value());
  CHECK(again->steps.empty());
  CHECK(std::to_string(again->recorded) == newest());

  f.server.execute("INSERT INTO cm_schema_history VALUES (9001, 'x', '', 0)");
  const auto refused = update_schema(f.server.settings(), true);
  REQUIRE(refused.has_value());
  CHECK_FALSE(refused->refusal.empty());
}
