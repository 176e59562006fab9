#include "catch.hpp"
#include "fixture.hpp"
#include "storage/schema/hash_key_record.hpp"

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

// Makes the lease of the record expire.
void expire_record(const mariadb_server& server) {
  server.execute("UPDATE token_hash_key SET recorded_at = recorded_at - "
                 + std::to_string(hash_key_lease.count() + 1'000));
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
  SECTION("and accepted after an operator has intervened") {
    f.server.execute("DELETE FROM token_hash_key");
    CHECK(wrong.connect().has_value());
    CHECK_FALSE(wrong.refused());
    right.disconnect();
    CHECK_FALSE(right.connect().has_value());
    CHECK(right.refused());
  }
}

TEST_CASE("without tokens, another key replaces one whose processes have ended") {
  const storage_fixture f;
  session before{f.server.settings(), starting, hash_of(1)};
  REQUIRE(before.connect().has_value());
  session after{f.server.settings(), starting, hash_of(2)};

  SECTION("not while one of them may be alive") {
    CHECK_FALSE(after.connect().has_value());
    CHECK(after.refused());
    CHECK(recorded(f.server) == hex(hash_of(1)));
  }
  SECTION("nor when it has said so since") {
    expire_record(f.server);
    CHECK_FALSE(must<kept_hash_key>(before, keep_hash_key{}).has_tokens);
    CHECK_FALSE(after.connect().has_value());
    CHECK(after.refused());
  }
  SECTION("but after the lease, and then the first key's process stores no token any more") {
    expire_record(f.server);
    REQUIRE(after.connect().has_value());
    CHECK(recorded(f.server) == hex(hash_of(2)));
    CHECK(refusal(before, creation(1)).code == core::errc::unavailable);
    CHECK_FALSE(before.connect().has_value());
    CHECK(before.refused());
    CHECK(count_of(f.server, "endpoint_token") == 0);
  }
}

TEST_CASE("a token is stored only under the recorded key, by whatever command") {
  const storage_fixture f;
  session other{f.server.settings(), starting, hash_of(1)};
  make_tokens(other, 1, 1);
  session right{f.server.settings(), starting, hash_of(1)};
  CHECK(must<kept_hash_key>(right, keep_hash_key{}).has_tokens);
  f.server.execute("UPDATE token_hash_key SET fingerprint = X'" + hex(hash_of(2)) + "'");
  command stored = creation(2);
  SECTION("one") {}
  SECTION("several") {
    stored = create_tokens{{creation(2), creation(3)}};
  }
  SECTION("an import") {
    stored = import_tokens{{{id_of(2), hash_of(2), "app", "ep-1", {}}}, core::from_unix_ms(2'000'000), {}};
  }
  SECTION("an import with a token that is there") {
    stored = import_tokens{{{id_of(2), hash_of(2), "app", "ep-1", {}}, {id_of(9), hash_of(1), "app", "ep-1", {}}},
                           core::from_unix_ms(2'000'000),
                           {}};
  }
  CHECK(refusal(right, stored).code == core::errc::unavailable);
  CHECK_FALSE(right.connect().has_value());
  CHECK(right.refused());
  CHECK(count_of(f.server, "endpoint_token") == 1);
}

TEST_CASE("a process confirms its key, and learns of tokens that others have stored") {
  const storage_fixture f;
  session first{f.server.settings(), starting, hash_of(1)};
  REQUIRE(first.connect().has_value());
  CHECK_FALSE(must<kept_hash_key>(first, keep_hash_key{}).has_tokens);
  session second{f.server.settings(), starting, hash_of(1)};
  make_tokens(second, 1, 1);
  CHECK(must<kept_hash_key>(first, keep_hash_key{}).has_tokens);
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
