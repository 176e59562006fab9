#include "catch.hpp"
#include "cut_proxy.hpp"
#include "fixture.hpp"
#include "sample_change.hpp"

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

// Text that only the last statement of a transaction contains. The change of one credential ends with a block; it is
// recognised by the actor of its audit row, because a prepared statement does not send its SQL text again.
constexpr const char* commit = "COMMIT";

// A session whose connection is cut at a statement of the next command.
struct cut_fixture : storage_fixture {
  cut_fixture() : proxy(server.port()), db(through_proxy()) {}

  [[nodiscard]] core::database_settings through_proxy() const {
    auto settings = server.settings();
    settings.hosts = {{"127.0.0.1", proxy.port()}};
    return settings;
  }

  // Executes a command once for each statement and each moment at which the connection is cut; every time on another
  // credential, starting with number 1.
  template <class Prepare, class Execute>
  void at_every_cut(const char* last, Prepare prepare, Execute execute) {
    std::uint32_t number = 0;
    for (const auto* const text : {"START TRANSACTION", "the-change", last}) {
      for (const auto when : {cut_proxy::moment::before, cut_proxy::moment::after}) {
        ++number;
        INFO(text << (when == cut_proxy::moment::before ? " does not arrive" : " is carried out, its answer lost"));
        prepare(number);
        proxy.arm(text, when);
        execute(number);
        CHECK(proxy.fired());
      }
    }
    CHECK(number == cuts);
  }

  // The only revocation after those of the earlier cuts.
  [[nodiscard]] std::vector<core::revocation> newest_revocations() {
    auto items = must<revocation_page>(db, list_revocations{seen}).items;
    if (!items.empty())
      seen = items.back().sequence;
    return items;
  }

  static constexpr std::uint32_t cuts = 6;
  cut_proxy proxy;
  session db;
  std::uint64_t seen = 0;
};

} // namespace

TEST_CASE("a change cut at any statement is made once, and the reply has its event") {
  cut_fixture f;
  const bool by_hash = GENERATE(false, true);
  const bool asked = GENERATE(false, true);
  f.at_every_cut(
    block_that_commits, [&](std::uint32_t n) { make_tokens(f.db, n, n); },
    [&](std::uint32_t n) {
      change_token_status command{token_address{"ep-1", id_of(n)}, credential_status::revoked, moment, origin, {}};
      if (by_hash)
        command.which = hash_of(n);
      if (asked)
        command.precondition = [](const core::endpoint_token& token) { return !token.updated_at; };
      const auto answer = must<changed_token>(f.db, command);
      CHECK(answer.changed);
      CHECK(answer.token.status == credential_status::revoked);
      REQUIRE(answer.event.has_value());
      CHECK(f.newest_revocations() == std::vector<core::revocation>{*answer.event});
      CHECK(audit_of(f.server, n).size() == 2);
    });
  CHECK(count_of(f.server, "event_outbox") == cut_fixture::cuts);
}

TEST_CASE("a change whose response was lost succeeds even if the token was changed again") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  const change_token_status command{hash_of(1), credential_status::suspended, moment, origin, {}};
  const auto first = must<changed_token>(db, command);
  const change_token_status later{
    hash_of(1), credential_status::revoked, core::from_unix_ms(4'000'000), {core::channel::ecap, "x", "y"}, {}};
  CHECK(must<changed_token>(db, later).changed);
  const auto again = must<changed_token>(db, command); // from Revoked it would be a conflict
  CHECK(again.changed);
  CHECK(again.event == first.event);
  CHECK(again.token.status == credential_status::revoked);
  auto other = command;
  other.origin.correlation_id = "another";
  CHECK(refusal(db, other).code == core::errc::conflict);
  other = command;
  other.at += std::chrono::milliseconds{1};
  CHECK(refusal(db, other).code == core::errc::conflict);
  other = command;
  other.origin.how = core::channel::ecap;
  CHECK(refusal(db, other).code == core::errc::conflict);
  CHECK(count_of(f.server, "credential_audit") == 3);
}

TEST_CASE("a deletion cut at any statement is made once") {
  cut_fixture f;
  f.at_every_cut(
    block_that_commits, [&](std::uint32_t n) { make_tokens(f.db, n, n); },
    [&](std::uint32_t n) {
      delete_token command{{"ep-1", id_of(n)}, moment, origin, {}};
      const auto answer = must<deleted_tokens>(f.db, command);
      CHECK(answer.count == 1);
      CHECK(answer.events.size() == 1);
      CHECK(f.newest_revocations() == answer.events);
      CHECK(audit_of(f.server, n).size() == 2);
      command.origin.correlation_id = "another";
      CHECK(refusal(f.db, command).code == core::errc::not_found);
    });
}

TEST_CASE("the deletion of an endpoint's tokens cut at any statement is made once") {
  cut_fixture f;
  const bool asked = GENERATE(false, true);
  f.at_every_cut(
    commit,
    [&](std::uint32_t n) {
      for (std::uint32_t i = 1; i <= 3; ++i) {
        auto command = creation(n * 10 + i);
        command.endpoint_id = "ep-" + std::to_string(n);
        static_cast<void>(must<created_token>(f.db, command));
      }
    },
    [&](std::uint32_t n) {
      delete_endpoint_tokens command{"ep-" + std::to_string(n), moment, origin, {}};
      if (asked)
        command.precondition = [](const core::token_digest& digest) { return digest.count == 3; };
      const auto answer = must<deleted_tokens>(f.db, command);
      CHECK(answer.count == 3);
      CHECK_FALSE(answer.more);
      CHECK(answer.events.size() == 1);
      CHECK(f.newest_revocations() == answer.events);
      CHECK(count_of(f.server, "credential_audit WHERE to_status IS NULL") == std::uint64_t{n} * 3);
      command.origin.correlation_id = "another";
      if (asked)
        CHECK(refusal(f.db, command).code == core::errc::precondition_failed);
      else
        CHECK(must<deleted_tokens>(f.db, command).events.empty());
    });
}

TEST_CASE("an import cut at any statement creates each token once") {
  cut_fixture f;
  f.at_every_cut(
    commit, [&](std::uint32_t) { static_cast<void>(must<pong>(f.db, ping{})); },
    [&](std::uint32_t n) {
      import_tokens command{{}, moment, origin};
      for (std::uint32_t i = n * 10; i < n * 10 + 5; ++i)
        command.items.push_back({id_of(i), hash_of(i), "app", "ep-2", {}});
      const auto answer = must<imported_tokens>(f.db, command);
      REQUIRE(answer.results.size() == 5);
      for (const auto& result : answer.results)
        CHECK(result.verdict == import_verdict::created);
      CHECK(count_of(f.server, "endpoint_token") == std::uint64_t{n} * 5);
      CHECK(count_of(f.server, "credential_audit") == std::uint64_t{n} * 5);
    });
}

TEST_CASE("commands about clients cut at any statement are executed once") {
  cut_fixture f;
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  const auto create = [&](std::uint32_t n) { static_cast<void>(must<one_client>(f.db, client_creation(kind, n))); };
  SECTION("a creation") {
    f.at_every_cut(
      commit, [&](std::uint32_t) { static_cast<void>(must<pong>(f.db, ping{})); },
      [&](std::uint32_t n) {
        auto command = client_creation(kind, n);
        command.origin = origin;
        CHECK(must<one_client>(f.db, command).credential == command.credential);
        CHECK(audit_of(f.server, n).size() == 1);
      });
  }
  SECTION("a change") {
    f.at_every_cut(block_that_commits, create, [&](std::uint32_t n) {
      const auto answer = must<changed_client>(
        f.db, change_client_status{kind, id_of(n), credential_status::suspended, moment, origin, {}});
      CHECK(answer.changed);
      REQUIRE(answer.event.has_value());
      CHECK(f.newest_revocations() == std::vector<core::revocation>{*answer.event});
      CHECK(audit_of(f.server, n).size() == 2);
    });
  }
  SECTION("a deletion") {
    f.at_every_cut(block_that_commits, create, [&](std::uint32_t n) {
      const auto answer = must<deleted_client>(f.db, delete_client{kind, id_of(n), moment, origin, {}});
      REQUIRE(answer.event.has_value());
      CHECK(f.newest_revocations() == std::vector<core::revocation>{*answer.event});
      CHECK(audit_of(f.server, n).size() == 2);
    });
  }
  SECTION("a use") {
    f.at_every_cut(commit, create, [&](std::uint32_t n) {
      static_cast<void>(must<used_clients>(f.db, use_clients{{{kind, id_of(n), "the-change", moment}}, "cm"}));
      const auto stored = must<one_client>(f.db, get_client{kind, id_of(n)}).credential;
      CHECK(stored.status == credential_status::active);
      CHECK(stored.last_used_at == moment);
      CHECK(audit_of(f.server, n).size() == 2);
    });
  }
}

TEST_CASE("a new password cut at any statement is set once, also under a precondition") {
  cut_fixture f;
  const bool asked = GENERATE(false, true);
  f.at_every_cut(
    block_that_commits,
    [&](std::uint32_t n) { static_cast<void>(must<one_client>(f.db, client_creation(client_kind::basic, n))); },
    [&](std::uint32_t n) {
      set_password command{id_of(n), core::secret{"$new"}, moment, origin, {}};
      if (asked)
        command.precondition = [](const core::client_credential& credential) { return !credential.updated_at; };
      CHECK(must<changed_client>(f.db, command).changed);
      CHECK(must<found_basic>(f.db, find_basic{"user-" + std::to_string(n)}).password_phc == core::secret{"$new"});
      CHECK(audit_of(f.server, n).size() == 2);
    });
}
