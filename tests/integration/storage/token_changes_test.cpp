#include "catch.hpp"
#include "fixture.hpp"
#include "state_table.hpp"

#include <array>
#include <future>
#include <stdexcept>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

namespace {

create_token creation_in(std::uint32_t number, credential_status status) {
  auto command = creation(number);
  command.status = status;
  return command;
}

change_token_status change_to(credential_status target, std::uint32_t number = 1) {
  change_token_status command;
  command.which = token_address{"ep-1", id_of(number)};
  command.target = target;
  command.at = core::from_unix_ms(3'000'000);
  command.origin = {core::channel::rest, "operator", "change"};
  return command;
}

delete_token deletion_of(std::uint32_t number) {
  delete_token command;
  command.which = {"ep-1", id_of(number)};
  command.at = core::from_unix_ms(3'000'000);
  command.origin = {core::channel::rest, "operator", "deletion"};
  return command;
}

} // namespace

TEST_CASE("a token changes from each state to each other as the contract's table says, with audit row and event") {
  const storage_fixture f;
  session db{f.server.settings()};
  const bool by_hash = GENERATE(false, true);
  std::uint32_t n = 0;
  for (const auto from : all_states) {
    for (const auto to : all_states) {
      ++n;
      INFO(to_string(from) << " to " << to_string(to) << (by_hash ? " by hash" : " by address"));
      static_cast<void>(must<created_token>(db, creation_in(n, from)));
      auto command = change_to(to, n);
      command.origin.correlation_id = "change-" + std::to_string(n);
      if (by_hash)
        command.which = hash_of(n);
      const auto expected = contract.at(static_cast<std::size_t>(from)).at(static_cast<std::size_t>(to));
      const auto events = count_of(f.server, "event_outbox");
      if (expected == 'n') {
        CHECK(refusal(db, command).code == core::errc::conflict);
      } else {
        const auto answer = must<changed_token>(db, command);
        CHECK(answer.changed == (expected == 'y'));
        CHECK(answer.token.status == to);
        CHECK(answer.token.id == id_of(n));
        CHECK(answer.token.updated_at.has_value() == answer.changed);
        CHECK(must<got_tokens>(db, get_tokens{{{"ep-1", id_of(n)}}}).tokens.at(0) == answer.token);
        CHECK(answer.event.has_value() == (expected == 'y' && core::revokes(from, to)));
        if (answer.event) {
          CHECK(answer.event->sequence > 0);
          CHECK(answer.event->kind == core::revoked_kind::endpoint_tokens);
          CHECK(answer.event->application == "app");
          CHECK(answer.event->endpoint_id == "ep-1");
          CHECK(answer.event->ids == std::vector<core::uuid>{id_of(n)});
          CHECK(answer.event->to == to);
          CHECK(answer.event->correlation_id == command.origin.correlation_id);
          CHECK(answer.event->at == command.at);
          CHECK(must<revocation_page>(db, list_revocations{answer.event->sequence - 1, 1}).items
                == std::vector<core::revocation>{*answer.event});
        }
      }
      const auto rows = audit_of(f.server, n);
      REQUIRE(rows.size() == (expected == 'y' ? 2U : 1U));
      if (expected == 'y')
        CHECK(rows[1]
              == std::vector<std::string>{digit(from), digit(to), "0", "operator", command.origin.correlation_id});
      CHECK(f.server.value("SELECT status FROM endpoint_token WHERE " + is_row(n))
            == digit(expected == 'n' ? from : to));
      const bool event = expected == 'y' && core::revokes(from, to);
      CHECK(count_of(f.server, "event_outbox") == events + (event ? 1 : 0));
      CHECK(count_of(f.server, "revocation") == count_of(f.server, "event_outbox"));
    }
  }
}

TEST_CASE("a token's precondition that held before the first use holds after it, unless something else has changed") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 2);
  const auto unchanged = [](const core::endpoint_token& token) {
    return token.status == credential_status::inactive && !token.updated_at;
  };
  activate_tokens first_use;
  first_use.at = core::from_unix_ms(2'000'000);
  first_use.actor = "cm";
  first_use.items = {{id_of(1), "use"}, {id_of(2), "use"}};
  CHECK(must<activated_tokens>(db, first_use).changed.size() == 2);

  auto command = change_to(credential_status::suspended);
  command.precondition = unchanged;
  CHECK(must<changed_token>(db, command).token.status == credential_status::suspended);
  command = change_to(credential_status::active);
  command.at = core::from_unix_ms(4'000'000);
  command.precondition = unchanged;
  CHECK(refusal(db, command).code == core::errc::precondition_failed);
  command.precondition = {};
  CHECK(must<changed_token>(db, command).token.status == credential_status::active);
  auto deletion = deletion_of(1);
  deletion.precondition = unchanged;
  CHECK(refusal(db, deletion).code == core::errc::precondition_failed); // Active again, by an operator
  deletion = deletion_of(2);
  deletion.precondition = unchanged;
  CHECK(must<deleted_tokens>(db, deletion).count == 1);
}

TEST_CASE("a token is deleted in any state, with audit row and event") {
  const storage_fixture f;
  session db{f.server.settings()};
  std::uint32_t n = 0;
  for (const auto from : all_states) {
    ++n;
    INFO(to_string(from));
    static_cast<void>(must<created_token>(db, creation_in(n, from)));
    const auto answer = must<deleted_tokens>(db, deletion_of(n));
    CHECK(answer.count == 1);
    CHECK_FALSE(answer.more);
    REQUIRE(answer.events.size() == 1);
    CHECK(answer.events[0].ids == std::vector<core::uuid>{id_of(n)});
    CHECK_FALSE(answer.events[0].to.has_value());
    CHECK(count_of(f.server, "event_outbox") == n);
    CHECK(count_of(f.server, "endpoint_token") == 0);
    CHECK(audit_of(f.server, n).at(1) == std::vector<std::string>{digit(from), "NULL", "0", "operator", "deletion"});
  }
}

TEST_CASE("a token that is not there, or belongs to another endpoint, is not found, and nothing is written") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  auto change = change_to(credential_status::revoked, 2);
  CHECK(refusal(db, change).code == core::errc::not_found);
  change.which = token_address{"EP-1", id_of(1)};
  CHECK(refusal(db, change).code == core::errc::not_found);
  change.which = hash_of(2);
  CHECK(refusal(db, change).code == core::errc::not_found);
  CHECK(refusal(db, deletion_of(2)).code == core::errc::not_found);
  auto deletion = deletion_of(1);
  deletion.which.endpoint_id = "ep-2";
  CHECK(refusal(db, deletion).code == core::errc::not_found);
  CHECK(must<got_tokens>(db, get_tokens{{{"ep-2", id_of(1)}, {"ep-1", id_of(2)}}}).tokens
        == std::vector<std::optional<core::endpoint_token>>(2));
  CHECK(count_of(f.server, "credential_audit") == 1);
  CHECK(count_of(f.server, "revocation") == 0);
  CHECK(count_of(f.server, "endpoint_token") == 1);
}

TEST_CASE("a precondition is evaluated on the current token, and if it is false nothing changes") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  auto change = change_to(credential_status::revoked);
  auto deletion = deletion_of(1);
  SECTION("no") {
    std::vector<core::endpoint_token> asked;
    change.precondition = [&](const core::endpoint_token& token) {
      asked.push_back(token);
      return false;
    };
    deletion.precondition = change.precondition;
    CHECK(refusal(db, change).code == core::errc::precondition_failed);
    CHECK(refusal(db, deletion).code == core::errc::precondition_failed);
    const auto token = must<got_tokens>(db, get_tokens{{{"ep-1", id_of(1)}}}).tokens.at(0).value();
    CHECK(asked == std::vector<core::endpoint_token>{token, token});
    CHECK(token.status == credential_status::inactive);
    CHECK(count_of(f.server, "credential_audit") == 1);
    CHECK(count_of(f.server, "revocation") == 0);
  }
  SECTION("before anything else is checked") {
    change.target = credential_status::inactive;
    change.precondition = [](const core::endpoint_token&) { return false; };
    CHECK(refusal(db, change).code == core::errc::precondition_failed);
  }
  SECTION("an exception is a fault of ours, and the session goes on") {
    change.precondition = [](const core::endpoint_token&) -> bool { throw std::runtime_error("boom"); };
    deletion.precondition = [](const core::endpoint_token&) -> bool { throw 1; };
    CHECK(refusal(db, change).code == core::errc::internal);
    CHECK(refusal(db, deletion).code == core::errc::internal);
    change.precondition = [](const core::endpoint_token&) { return true; };
    CHECK(must<changed_token>(db, change).changed);
    CHECK(db.counters().drops == 0);
  }
}

TEST_CASE("a token that others change after it was read is read again before the change") {
  const storage_fixture f;
  session db{f.server.settings()};
  session others{f.server.settings()};
  static_cast<void>(must<created_token>(db, creation_in(1, credential_status::active)));
  std::vector<credential_status> seen;
  const auto meanwhile = [&](const core::endpoint_token& token) {
    seen.push_back(token.status);
    if (seen.size() == 1)
      static_cast<void>(must<changed_token>(others, change_to(credential_status::suspended)));
    return true;
  };
  SECTION("another status") {
    auto change = change_to(credential_status::revoked);
    change.at = core::from_unix_ms(4'000'000);
    change.precondition = meanwhile;
    const auto answer = must<changed_token>(db, change);
    CHECK(answer.changed);
    CHECK(answer.token.status == credential_status::revoked);
    CHECK_FALSE(answer.event); // consumers were notified when it was suspended
    CHECK(count_of(f.server, "event_outbox") == 1);
  }
  SECTION("a status that is none any more") {
    auto change = change_to(credential_status::suspended);
    change.at = core::from_unix_ms(4'000'000);
    change.precondition = meanwhile;
    CHECK_FALSE(must<changed_token>(db, change).changed);
    CHECK(count_of(f.server, "credential_audit") == 2);
  }
  SECTION("its end") {
    auto deletion = deletion_of(1);
    deletion.at = core::from_unix_ms(4'000'000);
    deletion.precondition = meanwhile;
    CHECK(must<deleted_tokens>(db, deletion).events.size() == 1);
    CHECK(count_of(f.server, "endpoint_token") == 0);
    CHECK(count_of(f.server, "credential_audit") == 3);
  }
  CHECK(seen == std::vector{credential_status::active, credential_status::suspended});
  CHECK(db.counters().drops == 0);
}

TEST_CASE("of two concurrent conflicting changes one wins, and the other sees its result") {
  const storage_fixture f;
  session setup{f.server.settings()};
  constexpr std::uint32_t tokens = 40;
  for (std::uint32_t n = 1; n <= tokens; ++n)
    static_cast<void>(must<created_token>(setup, creation_in(n, credential_status::active)));
  const auto worker = [&](credential_status target, const std::string& name) {
    return std::async(std::launch::async, [&f, target, name] {
      const client_thread thread;
      session db{f.server.settings()};
      std::vector<bool> changed;
      for (std::uint32_t n = 1; n <= tokens; ++n) {
        auto command = change_to(target, n);
        command.origin.actor = name;
        command.origin.correlation_id = name;
        const auto result = db.execute(command, soon());
        if (!result && result.error().code != core::errc::conflict)
          throw std::runtime_error(result.error().detail);
        changed.push_back(result && std::get<changed_token>(*result).changed);
      }
      return changed;
    });
  };
  auto first = worker(credential_status::revoked, "first");
  auto second = worker(credential_status::suspended, "second");
  const auto revoked = first.get();
  const auto suspended = second.get();
  for (std::uint32_t n = 1; n <= tokens; ++n) {
    INFO("token " << n);
    CHECK(revoked[n - 1]); // from Active and from Suspended
    const auto rows = audit_of(f.server, n);
    REQUIRE(rows.size() == (suspended[n - 1] ? 3U : 2U));
    CHECK(rows.back().at(1) == "3");
    CHECK(rows.back().at(3) == "first");
    CHECK(count_of(f.server, "revocation WHERE ids = X'" + hex(id_of(n).bytes) + "'") == 1);
  }
  CHECK(count_of(f.server, "event_outbox") == tokens);
}

TEST_CASE("a change that is the victim of a deadlock is repeated to success") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 60);
  auto other = connect(f.server);
  // It locks what the change needs last. The transaction with more changes survives a deadlock: this one.
  run(*other, "START TRANSACTION");
  run(*other, "UPDATE endpoint_token SET first_used_at = 1 WHERE id >= X'" + hex(id_of(2).bytes) + "'");
  REQUIRE(other->query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE").has_value());
  auto worker = std::async(std::launch::async, [&] {
    const client_thread thread;
    return must<changed_token>(db, change_to(credential_status::revoked, 1));
  });
  wait_until([&] { return somebody_waits(f.server); }); // it has row 1 and waits for the gate
  const auto crossing = other->run("UPDATE endpoint_token SET first_used_at = 1 WHERE " + is_row(1));
  const auto committed = other->run("COMMIT");
  CHECK(worker.get().changed);
  CHECK(crossing.has_value());
  CHECK(committed.has_value());
  CHECK(db.counters().retries >= 1);
  CHECK(db.counters().drops == 0);
  CHECK(audit_of(f.server, 1).size() == 2);
  CHECK(count_of(f.server, "revocation") == 1);
}
