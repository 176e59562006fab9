#include "catch.hpp"
#include "fixture.hpp"

#include <atomic>
#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

constexpr auto starting = newer_schema::refused;

std::string recorded(const mariadb_server& server) {
  return server.value("SELECT COALESCE(MAX(HEX(fingerprint)), '') FROM token_hash_key");
}

} // namespace

TEST_CASE("the first session records its key, and one with the same is accepted") {
  const storage_fixture f;
  session first{f.server.settings(), starting, hash_of(1)};
  make_tokens(first, 1, 1);
  CHECK(recorded(f.server) == hex(hash_of(1)));
  session second{f.server.settings(), starting, hash_of(1)};
  CHECK(second.connect().has_value());
  CHECK_FALSE(second.refused());
}

TEST_CASE("a session with another key is refused where there are tokens, and the record stays") {
  const storage_fixture f;
  session right{f.server.settings(), starting, hash_of(1)};
  make_tokens(right, 1, 1);
  session wrong{f.server.settings(), starting, hash_of(2)};
  const auto answer = wrong.connect();
  REQUIRE(!answer);
  CHECK(answer.error().code == core::errc::internal);
  CHECK(wrong.refused());
  CHECK_FALSE(wrong.connected());
  CHECK(wrong.last_error().find("kaa.cm.token-hash-key") != std::string::npos);
  CHECK(recorded(f.server) == hex(hash_of(1)));

  SECTION("nor does it carry anything out") {
    const auto refused = wrong.execute(creation(2), soon());
    REQUIRE(!refused);
    CHECK(refused.error().code == core::errc::unavailable);
    CHECK(count_of(f.server, "endpoint_token") == 1);
  }
  SECTION("and accepted once somebody has acted") {
    f.server.execute("DELETE FROM token_hash_key");
    CHECK(wrong.connect().has_value());
    CHECK_FALSE(wrong.refused());
    right.disconnect();
    CHECK_FALSE(right.connect().has_value());
    CHECK(right.refused());
  }
}

TEST_CASE("where there is no token, another key takes the place of the recorded one") {
  const storage_fixture f;
  session before{f.server.settings(), starting, hash_of(1)};
  REQUIRE(before.connect().has_value());
  session after{f.server.settings(), starting, hash_of(2)};
  REQUIRE(after.connect().has_value());
  CHECK(recorded(f.server) == hex(hash_of(2)));
}

TEST_CASE("of two keys that come to a database with tokens and without a record, one is recorded and one refused") {
  const storage_fixture f;
  session without{f.server.settings()};
  make_tokens(without, 1, 1);
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (std::uint32_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const client_thread thread;
      session one{f.server.settings(), starting, hash_of(i % 2)};
      if (one.connect())
        ++accepted;
      else if (!one.refused())
        accepted += 100;
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(accepted == 4);
  const auto kept = recorded(f.server);
  CHECK((kept == hex(hash_of(0)) || kept == hex(hash_of(1))));
}
