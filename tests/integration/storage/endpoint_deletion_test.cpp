#include "catch.hpp"
#include "fixture.hpp"

#include <future>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

namespace {

delete_endpoint_tokens deletion() {
  delete_endpoint_tokens command;
  command.endpoint_id = "ep-1";
  command.at = core::from_unix_ms(4'000'000);
  command.origin = {core::channel::elce, "epr", "unregistered"};
  return command;
}

} // namespace

TEST_CASE("all tokens of an endpoint are deleted, in any state, with one event for each application") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 1; n <= 100; ++n) {
    auto command = creation(n);
    command.application = n % 3 == 0 ? "meter" : "app";
    command.status = static_cast<credential_status>(n % 4);
    static_cast<void>(must<created_token>(db, command));
  }
  auto other = creation(101);
  other.endpoint_id = "ep-10";
  static_cast<void>(must<created_token>(db, other));

  const auto answer = must<deleted_tokens>(db, deletion());
  CHECK(answer.count == 100);
  CHECK_FALSE(answer.more);
  REQUIRE(answer.events.size() == 2);
  CHECK(answer.events[0].application == "app");
  CHECK(answer.events[0].ids.size() == 67);
  CHECK(answer.events[1].application == "meter");
  CHECK(answer.events[1].ids.size() == 33);
  for (const auto& event : answer.events) {
    CHECK(event.endpoint_id == "ep-1");
    CHECK_FALSE(event.to.has_value());
    CHECK(event.correlation_id == "unregistered");
    CHECK(event.at == deletion().at);
  }
  CHECK(must<revocation_page>(db, list_revocations{}).items == answer.events);
  CHECK(count_of(f.server, "endpoint_token") == 1);
  CHECK(count_of(f.server, "event_outbox") == 2);
  CHECK(audit_of(f.server, 5).at(1) == std::vector<std::string>{"1", "NULL", "2", "epr", "unregistered"});
  CHECK(count_of(f.server, "credential_audit WHERE to_status IS NULL") == 100);
}

TEST_CASE("an endpoint without tokens is success, and nothing is written") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto answer = must<deleted_tokens>(db, deletion());
  CHECK(answer.count == 0);
  CHECK(answer.events.empty());
  CHECK_FALSE(answer.more);
  CHECK(count_of(f.server, "revocation") == 0);
  auto odd = deletion();
  odd.endpoint_id = "späth";
  CHECK(refusal(db, odd).code == core::errc::invalid);
}

TEST_CASE("the precondition is evaluated on all tokens of the endpoint") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 30);
  auto command = deletion();
  core::token_digest asked;
  bool answer = false;
  command.precondition = [&](const core::token_digest& digest) {
    asked = digest;
    return answer;
  };
  CHECK(refusal(db, command).code == core::errc::precondition_failed);
  CHECK(count_of(f.server, "endpoint_token") == 30);
  // Every list of the endpoint has the same digest.
  CHECK(asked.count == 30);
  CHECK(asked == digest_of(f, "ep-1"));
  CHECK(must<token_page>(db, list_tokens{"ep-1", {}, 0, 20, false}).digest == asked);
  CHECK(must<token_page>(db, list_tokens{"ep-1", {credential_status::revoked}, 7, 1, true}).digest == asked);
  answer = true;
  CHECK(must<deleted_tokens>(db, command).count == 30);
}

TEST_CASE("the precondition of a deletion holds if the tokens have only been used for the first time since") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 4);
  const auto use = [&db](std::vector<std::uint32_t> numbers, std::int64_t at) {
    activate_tokens command;
    command.at = core::from_unix_ms(at);
    command.actor = "cm";
    for (const auto number : numbers)
      command.items.push_back({id_of(number), "use"});
    CHECK(must<activated_tokens>(db, command).changed.size() == numbers.size());
  };
  const auto look = [&db] { return must<token_page>(db, list_tokens{"ep-1", {}, 0, 20, false}).digest; };
  use({1}, 2'000'000);
  const auto seen = look();
  auto command = deletion();
  command.precondition = [&seen](const core::token_digest& digest) { return digest == seen; };
  use({3}, 2'000'001);
  use({2, 4}, 2'000'002);
  CHECK(look() != seen);
  SECTION("nothing else") {
    CHECK(must<deleted_tokens>(db, command).count == 4);
  }
  SECTION("an operator has changed one that was used") {
    f.server.execute("UPDATE endpoint_token SET updated_at = 2000003 WHERE " + is_row(2));
    CHECK(refusal(db, command).code == core::errc::precondition_failed);
  }
  SECTION("one is missing") {
    f.server.execute("DELETE FROM endpoint_token WHERE " + is_row(3));
    CHECK(refusal(db, command).code == core::errc::precondition_failed);
  }
}

TEST_CASE("the precondition covers the tokens beyond one transaction, too") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  f.server.execute("INSERT INTO endpoint_token SELECT UNHEX(LPAD(HEX(seq), 32, '0')), UNHEX(SHA2(seq, 256)), 'app', "
                   "'ep-1', seq MOD 4, seq, IF(seq MOD 3, seq, NULL), NULL FROM seq_1_to_20010");
  const auto seen = must<token_page>(db, list_tokens{"ep-1", {}, 0, 20, false}).digest;
  CHECK(seen.count == 20'010);
  auto command = deletion();
  command.precondition = [&](const core::token_digest& digest) { return digest == seen; };
  f.server.execute("UPDATE endpoint_token SET status = 2, updated_at = 99 WHERE created_at = 1"); // the oldest
  CHECK(refusal(db, command).code == core::errc::precondition_failed);
  CHECK(count_of(f.server, "endpoint_token") == 20'010);
  f.server.execute("UPDATE endpoint_token SET status = 1, updated_at = 1 WHERE created_at = 1");
  const auto first = must<deleted_tokens>(db, command);
  CHECK(first.count == max_event_ids);
  CHECK(first.more);
}

TEST_CASE("more tokens than an event holds are deleted in several transactions") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  f.server.execute("INSERT INTO endpoint_token SELECT UNHEX(LPAD(HEX(seq), 32, '0')), UNHEX(SHA2(seq, 256)), 'app', "
                   "'ep-1', 0, seq, NULL, NULL FROM seq_1_to_20010");
  const auto first = must<deleted_tokens>(db, deletion());
  CHECK(first.count == max_event_ids);
  CHECK(first.more);
  REQUIRE(first.events.size() == 1);
  CHECK(first.events[0].ids.size() == max_event_ids);
  CHECK(count_of(f.server, "endpoint_token") == 10);
  const auto second = must<deleted_tokens>(db, deletion());
  CHECK(second.count == 10);
  CHECK_FALSE(second.more);
  // The first one alone has more IDs than a page.
  const auto page = must<revocation_page>(db, list_revocations{}).items;
  CHECK(page == std::vector<core::revocation>{first.events[0]});
  CHECK(must<revocation_page>(db, list_revocations{page.at(0).sequence}).items
        == std::vector<core::revocation>{second.events.at(0)});
}

TEST_CASE("two deletions of one endpoint at once: every token is in exactly one event") {
  const storage_fixture f;
  session setup{f.server.settings()};
  make_tokens(setup, 1, 64);
  const auto worker = [&](const std::string& name) {
    return std::async(std::launch::async, [&f, name] {
      const client_thread thread;
      session db{f.server.settings()};
      auto command = deletion();
      command.origin.correlation_id = name;
      return must<deleted_tokens>(db, command);
    });
  };
  auto one = worker("one");
  auto two = worker("two");
  CHECK(one.get().count + two.get().count == 64);
  std::size_t ids = 0;
  for (const auto& event : must<revocation_page>(setup, list_revocations{}).items)
    ids += event.ids.size();
  CHECK(ids == 64);
  CHECK(count_of(f.server, "credential_audit WHERE to_status IS NULL") == 64);
}
