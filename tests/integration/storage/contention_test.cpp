#include "catch.hpp"
#include "fixture.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

activate_tokens activation_of_all(const std::vector<std::uint32_t>& numbers) {
  activate_tokens command;
  for (const auto number : numbers)
    command.items.push_back({id_of(number), ""});
  command.at = core::from_unix_ms(2'000'000);
  return command;
}

} // namespace

TEST_CASE("sessions that activate the same tokens at once change each exactly once and need no retry") {
  const storage_fixture f;
  session setup{f.server.settings()};
  make_tokens(setup, 1, 64);
  constexpr std::size_t sessions = 4;
  std::vector<std::uint64_t> retries(sessions);
  std::vector<std::future<std::vector<core::uuid>>> workers;
  for (std::size_t i = 0; i < sessions; ++i) {
    workers.push_back(std::async(std::launch::async, [&, i] {
      const client_thread thread;
      session db{f.server.settings()};
      std::vector<std::uint32_t> numbers;
      for (std::uint32_t number = 1; number <= 64; ++number)
        numbers.push_back(i % 2 == 0 ? number : 65 - number); // in both directions
      auto changed = must<activated_tokens>(db, activation_of_all(numbers)).changed;
      retries[i] = db.counters().retries;
      return changed;
    }));
  }
  std::vector<core::uuid> all;
  for (auto& worker : workers) {
    const auto some = worker.get();
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == 64);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(std::count(retries.begin(), retries.end(), 0U) == sessions);
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit WHERE from_status = 0") == "64");
}

TEST_CASE("sessions that create the same token at once: one succeeds, the others get a conflict") {
  const storage_fixture f;
  session setup{f.server.settings()};
  REQUIRE(setup.connect().has_value());
  std::atomic<int> created = 0;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i <= 6; ++i) {
    threads.emplace_back([&, i] {
      const client_thread thread;
      session db{f.server.settings()};
      auto command = creation(i);
      command.hash = hash_of(99);
      const auto result = db.execute(command, soon());
      if (result)
        ++created;
      else if (result.error().code == core::errc::conflict)
        ++conflicts;
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(created == 1);
  CHECK(conflicts == 5);
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit") == "1");
}

TEST_CASE("the victim of a deadlock is repeated to success") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 60);
  auto other = connect(f.server);
  // The transaction with more changes survives a deadlock: the other one.
  run(*other, "START TRANSACTION");
  run(*other, "UPDATE endpoint_token SET first_used_at = 1 WHERE id >= X'" + hex(id_of(2).bytes) + "'");
  auto worker = std::async(std::launch::async, [&] {
    const client_thread thread;
    return must<activated_tokens>(db, activation_of_all({1, 2})).changed;
  });
  wait_until([&] { return somebody_waits(f.server); }); // it has row 1 and waits for row 2
  const auto crossing = other->run("UPDATE endpoint_token SET first_used_at = 1 WHERE " + is_row(1));
  const auto committed = other->run("COMMIT");
  CHECK(worker.get().size() == 2);
  CHECK(crossing.has_value());
  CHECK(committed.has_value());
  CHECK(db.counters().retries >= 1);
  CHECK(db.counters().drops == 0);
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE status = 1") == "2");
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit WHERE from_status = 0") == "2");
}

TEST_CASE("a lock time-out is unavailable, and the connection stays usable") {
  const storage_fixture f;
  auto settings = f.server.settings();
  settings.socket_timeout = std::chrono::milliseconds{2000}; // locks are waited for 1 s
  session db{settings};
  make_tokens(db, 1, 2);
  auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  run(*other, "UPDATE endpoint_token SET first_used_at = 1 WHERE " + is_row(1));
  const auto result =
    db.execute(activation_of_all({1, 2}), std::chrono::steady_clock::now() + std::chrono::milliseconds{500});
  REQUIRE(!result);
  CHECK(result.error().code == core::errc::unavailable);
  CHECK(result.error().detail.find("1205") != std::string::npos);
  CHECK(db.counters().drops == 0);
  // The session that timed out holds no locks.
  run(*other, "UPDATE endpoint_token SET first_used_at = 1 WHERE " + is_row(2));
  run(*other, "ROLLBACK");
  CHECK(must<activated_tokens>(db, activation_of_all({1, 2})).changed.size() == 2);
}
