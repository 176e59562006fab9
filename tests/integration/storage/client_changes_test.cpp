#include "catch.hpp"
#include "core/credentials/change_origin.hpp"
#include "fixture.hpp"
#include "state_table.hpp"

#include <array>
#include <future>
#include <stdexcept>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

const core::change_origin client_change_origin{core::channel::rest, "operator", "change"};

constexpr core::timestamp client_change_time = core::from_unix_ms(3'000'000);

void insert_client(session& db, client_kind kind, std::uint32_t number, credential_status status) {
  auto command = client_creation(kind, number);
  command.credential.status = status;
  static_cast<void>(must<one_client>(db, command));
}

core::revoked_kind revoked_kind_of(client_kind kind) {
  return kind == client_kind::basic ? core::revoked_kind::basic : core::revoked_kind::x509;
}

set_password new_password(std::uint32_t number, std::string phc) {
  return {id_of(number), core::secret{std::move(phc)}, client_change_time, client_change_origin, {}};
}

} // namespace

TEST_CASE("a client changes from each state to each other as the contract's table says, with audit row and event") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  std::uint32_t n = 0;
  for (const auto from : all_states) {
    for (const auto to : all_states) {
      ++n;
      INFO(to_string(from) << " to " << to_string(to));
      insert_client(db, kind, n, from);
      const auto expected = contract.at(static_cast<std::size_t>(from)).at(static_cast<std::size_t>(to));
      const bool event = expected == 'y' && core::revokes(from, to);
      const auto events = count_of(f.server, "event_outbox");
      const change_client_status command{kind, id_of(n), to, client_change_time, client_change_origin, {}};
      if (expected == 'n') {
        CHECK(refusal(db, command).code == core::errc::conflict);
      } else {
        const auto answer = must<changed_client>(db, command);
        CHECK(answer.changed == (expected == 'y'));
        CHECK(answer.credential.status == to);
        CHECK(must<one_client>(db, get_client{kind, id_of(n)}).credential == answer.credential);
        REQUIRE(answer.event.has_value() == event);
        if (event) {
          CHECK(answer.event->kind == revoked_kind_of(kind));
          CHECK(answer.event->application.empty());
          CHECK(answer.event->ids == std::vector<core::uuid>{id_of(n)});
          CHECK(answer.event->to == to);
          CHECK(answer.event->correlation_id == "change");
          CHECK(must<revocation_page>(db, list_revocations{answer.event->sequence - 1, 1}).items
                == std::vector<core::revocation>{*answer.event});
        }
      }
      const auto rows = audit_of(f.server, n);
      REQUIRE(rows.size() == (expected == 'y' ? 2U : 1U));
      if (expected == 'y')
        CHECK(rows[1] == std::vector<std::string>{digit(from), digit(to), "0", "operator", "change"});
      CHECK(must<one_client>(db, get_client{kind, id_of(n)}).credential.status == (expected == 'n' ? from : to));
      CHECK(count_of(f.server, "event_outbox") == events + (event ? 1 : 0));
      CHECK(count_of(f.server, "revocation") == count_of(f.server, "event_outbox"));
    }
  }
}

TEST_CASE("a client is deleted in any state, with audit row and event") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  std::uint32_t n = 0;
  for (const auto from : all_states) {
    ++n;
    insert_client(db, kind, n, from);
    const auto answer =
      must<deleted_client>(db, delete_client{kind, id_of(n), client_change_time, client_change_origin, {}});
    REQUIRE(answer.event.has_value());
    CHECK(answer.event->kind == revoked_kind_of(kind));
    CHECK_FALSE(answer.event->to.has_value());
    CHECK(audit_of(f.server, n).at(1) == std::vector<std::string>{digit(from), "NULL", "0", "operator", "change"});
    CHECK(refusal(db, get_client{kind, id_of(n)}).code == core::errc::not_found);
    CHECK(count_of(f.server, "event_outbox") == n);
  }
}

TEST_CASE("a client's precondition that held before the first use holds after it, unless something else has changed") {
  const storage_fixture f;
  session db{f.server.settings()};
  const bool password_changed = GENERATE(false, true);
  insert_client(db, client_kind::basic, 1, credential_status::inactive);
  if (password_changed)
    static_cast<void>(must<changed_client>(db, new_password(1, "phc-0")));
  auto seen = must<one_client>(db, get_client{client_kind::basic, id_of(1)}).credential;
  CHECK(seen.status == credential_status::inactive);
  const client_precondition unchanged = [&seen](const core::client_credential& credential) {
    return credential.status == seen.status && credential.updated_at == seen.updated_at;
  };
  use_clients first_use;
  first_use.actor = "cm";
  first_use.items.push_back({client_kind::basic, id_of(1), "login", core::from_unix_ms(4'000'000)});
  CHECK(must<used_clients>(db, first_use).changed == 1);
  SECTION("a change of the status") {
    change_client_status command{client_kind::basic,   id_of(1), credential_status::suspended, client_change_time,
                                 client_change_origin, unchanged};
    command.at = core::from_unix_ms(5'000'000);
    CHECK(must<changed_client>(db, command).credential.status == credential_status::suspended);
    command.target = credential_status::active;
    command.at = core::from_unix_ms(6'000'000);
    CHECK(refusal(db, command).code == core::errc::precondition_failed);
    command.precondition = {};
    CHECK(must<changed_client>(db, command).credential.status == credential_status::active);
    command.precondition = unchanged;
    command.target = credential_status::revoked;
    CHECK(refusal(db, command).code == core::errc::precondition_failed); // Active again, by an operator
  }
  SECTION("a change of the password") {
    auto command = new_password(1, "phc-1");
    command.at = core::from_unix_ms(5'000'000);
    command.precondition = unchanged;
    CHECK(must<changed_client>(db, command).changed);
    command.at = core::from_unix_ms(6'000'000);
    CHECK(refusal(db, command).code == core::errc::precondition_failed);
  }
  SECTION("a deletion") {
    CHECK(must<deleted_client>(
            db, delete_client{client_kind::basic, id_of(1), client_change_time, client_change_origin, unchanged})
            .event.has_value());
  }
}

TEST_CASE("a client's precondition is evaluated: false changes nothing, and an exception is an internal error") {
  const storage_fixture f;
  session db{f.server.settings()};
  insert_client(db, client_kind::basic, 1, credential_status::active);
  client_precondition precondition = [](const core::client_credential& credential) {
    return credential.username != "user-1";
  };
  auto expected = core::errc::precondition_failed;
  SECTION("no") {}
  SECTION("an exception") {
    precondition = [](const core::client_credential&) -> bool { throw std::runtime_error("boom"); };
    expected = core::errc::internal;
  }
  CHECK(refusal(db, change_client_status{client_kind::basic, id_of(1), credential_status::revoked, client_change_time,
                                         client_change_origin, precondition})
          .code
        == expected);
  CHECK(refusal(db, delete_client{client_kind::basic, id_of(1), client_change_time, client_change_origin, precondition})
          .code
        == expected);
  auto password = new_password(1, "$new");
  password.precondition = precondition;
  CHECK(refusal(db, password).code == expected);
  CHECK(count_of(f.server, "credential_audit") == 1);
  CHECK(count_of(f.server, "revocation") == 0);
  CHECK(must<found_basic>(db, find_basic{"user-1"}).password_phc == core::secret{"$phc$1"});
  CHECK(refusal(db, delete_client{client_kind::x509, id_of(1), client_change_time, client_change_origin, {}}).code
        == core::errc::not_found);
  CHECK(
    refusal(db,
            change_client_status{
              client_kind::x509, id_of(1), credential_status::revoked, client_change_time, client_change_origin, {}})
      .code
    == core::errc::not_found);
}

TEST_CASE("a password is replaced in every state but Revoked, with an audit row and without an event") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 0; n <= 3; ++n) {
    const auto status = static_cast<credential_status>(n);
    insert_client(db, client_kind::basic, n + 1, status);
    const auto name = "user-" + std::to_string(n + 1);
    if (status == credential_status::revoked) {
      CHECK(refusal(db, new_password(n + 1, "$new")).code == core::errc::conflict);
      CHECK(must<found_basic>(db, find_basic{name}).password_phc == core::secret{"$phc$4"});
      CHECK(audit_of(f.server, n + 1).size() == 1);
      continue;
    }
    const auto answer = must<changed_client>(db, new_password(n + 1, "$new"));
    CHECK(answer.changed);
    CHECK_FALSE(answer.event.has_value());
    const auto found = must<found_basic>(db, find_basic{name});
    CHECK(found.password_phc == core::secret{"$new"});
    CHECK(found.credential == answer.credential);
    CHECK(answer.credential.status == status);
    CHECK(answer.credential.updated_at == client_change_time);
    CHECK(audit_of(f.server, n + 1).at(1)
          == std::vector<std::string>{digit(status), digit(status), "0", "operator", "change"});
  }
  CHECK(refusal(db, new_password(99, "$new")).code == core::errc::not_found);
  CHECK(count_of(f.server, "revocation") == 0);
}

TEST_CASE("a hash is replaced by a stronger one only while it is the one that was checked") {
  const storage_fixture f;
  session db{f.server.settings()};
  insert_client(db, client_kind::basic, 1, credential_status::active);
  const rehash_password command{id_of(1), core::secret{"$phc$1"}, core::secret{"$strong"}};
  CHECK(must<used_clients>(db, command).changed == 1);
  CHECK(must<found_basic>(db, find_basic{"user-1"}).password_phc == core::secret{"$strong"});
  CHECK(must<used_clients>(db, command).changed == 0);
  CHECK_FALSE(must<found_basic>(db, find_basic{"user-1"}).credential->updated_at.has_value());
  CHECK(count_of(f.server, "credential_audit") == 1);
}

TEST_CASE("of two concurrent conflicting changes of a client one wins") {
  const storage_fixture f;
  session setup{f.server.settings()};
  constexpr std::uint32_t clients = 20;
  for (std::uint32_t n = 1; n <= clients; ++n)
    insert_client(setup, client_kind::basic, n, credential_status::revoked); // which can only be deleted
  const auto worker = [&](const std::string& name) {
    return std::async(std::launch::async, [&f, name] {
      const client_thread thread;
      session db{f.server.settings()};
      std::uint32_t deleted = 0;
      for (std::uint32_t n = 1; n <= clients; ++n) {
        const auto result = db.execute(
          delete_client{client_kind::basic, id_of(n), client_change_time, {core::channel::rest, name, name}, {}},
          soon());
        if (result)
          ++deleted;
        else if (result.error().code != core::errc::not_found)
          throw std::runtime_error(result.error().detail);
      }
      return deleted;
    });
  };
  auto one = worker("one");
  auto two = worker("two");
  CHECK(one.get() + two.get() == clients);
  CHECK(count_of(f.server, "revocation") == clients);
  CHECK(count_of(f.server, "credential_audit WHERE to_status IS NULL") == clients);
}
