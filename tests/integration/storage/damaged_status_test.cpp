// Rows whose status is NULL or a number that is no status: they admit nobody, and block nothing else.
#include "catch.hpp"
#include "fixture.hpp"
#include "storage/tokens/token_digest.hpp"

#include <array>
#include <string>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;
using core::errc;

namespace {

constexpr std::array tables{"endpoint_token", "basic_credential", "x509_credential"};

/// A database in which `status` can be anything, with token and credentials number 1 to 3. Number 2 of each table is
/// damaged.
struct damaged_fixture : storage_fixture {
  explicit damaged_fixture(const std::string& status) {
    make_tokens(db, 1, 3);
    for (std::uint32_t n = 1; n <= 3; ++n) {
      static_cast<void>(must<one_client>(db, client_creation(core::client_kind::basic, n)));
      static_cast<void>(must<one_client>(db, client_creation(core::client_kind::x509, n)));
    }
    for (const std::string table : tables) {
      server.execute("ALTER TABLE " + table + " MODIFY status INT NULL");
      server.execute("UPDATE " + table + " SET status = " + status + " WHERE " + is_row(2));
    }
  }

  session db{server.settings()};
};

change_client_status change_of(core::client_kind kind, std::uint32_t number, credential_status target) {
  change_client_status command;
  command.kind = kind;
  command.id = client_creation(kind, number).credential.id;
  command.target = target;
  command.at = core::from_unix_ms(2'000'000);
  return command;
}

} // namespace

TEST_CASE("a status that is NULL or out of range is unknown, and not a valid one by a cast") {
  // 256 and -256 would become 0, which is Inactive and valid for use.
  const std::string status = GENERATE(as<std::string>{}, "NULL", "4", "9", "255", "256", "-256", "-1");
  INFO("status = " << status);
  damaged_fixture f{status};
  const auto tokens = must<found_tokens>(f.db, find_tokens{{hash_of(1), hash_of(2), hash_of(3)}}).tokens;
  REQUIRE(tokens.size() == 3);
  CHECK(tokens[0]->status == credential_status::inactive);
  CHECK(tokens[1]->status == credential_status::unknown);
  CHECK(tokens[2]->status == credential_status::inactive);
  CHECK(must<found_basic>(f.db, find_basic{"user-2"}).credential->status == credential_status::unknown);
  find_x509 certificates;
  for (const std::uint32_t n : {1U, 2U})
    certificates.subjects.push_back(client_creation(core::client_kind::x509, n).subject);
  const auto found = must<found_x509>(f.db, certificates).credentials;
  CHECK(found.at(0)->status == credential_status::inactive);
  CHECK(found.at(1)->status == credential_status::unknown);
}

TEST_CASE("lists leave a damaged row out, and reading it alone fails as temporary") {
  const std::string status = GENERATE(as<std::string>{}, "NULL", "9");
  INFO("status = " << status);
  damaged_fixture f{status};
  list_tokens tokens;
  tokens.endpoint_id = "ep-1";
  const auto page = must<token_page>(f.db, tokens);
  CHECK(page.total == 2);
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].id == id_of(3));
  CHECK(page.items[1].id == id_of(1));
  CHECK(page.digest == digest_of(f, "ep-1"));
  const auto computed = f.server.query("SELECT " + std::string{digest_fields} + " FROM endpoint_token").at(0);
  CHECK(page.digest
        == core::token_digest{3, static_cast<std::uint64_t>(std::stoll(computed.at(1))),
                              static_cast<std::uint64_t>(std::stoll(computed.at(2)))});
  for (const auto kind : {core::client_kind::basic, core::client_kind::x509}) {
    list_clients list;
    list.kind = kind;
    CHECK(must<client_page>(f.db, list).total == 2);
    get_client one{kind, client_creation(kind, 2).credential.id};
    CHECK(refusal(f.db, one).code == errc::unavailable);
    one.id = client_creation(kind, 1).credential.id;
    CHECK(must<one_client>(f.db, one).credential.status == credential_status::inactive);
  }
}

TEST_CASE("the status and the password of a damaged row cannot be changed, and a use does not activate it") {
  const std::string status = GENERATE(as<std::string>{}, "NULL", "9");
  INFO("status = " << status);
  damaged_fixture f{status};
  change_token_status change;
  change.which = hash_of(2);
  change.at = core::from_unix_ms(2'000'000);
  for (const auto target : {credential_status::active, credential_status::revoked}) {
    change.target = target;
    CHECK(refusal(f.db, change).code == errc::unavailable);
    for (const auto kind : {core::client_kind::basic, core::client_kind::x509})
      CHECK(refusal(f.db, change_of(kind, 2, target)).code == errc::unavailable);
  }
  set_password password;
  password.id = client_creation(core::client_kind::basic, 2).credential.id;
  password.password_phc = core::secret{"phc"};
  password.at = core::from_unix_ms(2'000'000);
  CHECK(refusal(f.db, password).code == errc::unavailable);
  activate_tokens uses;
  uses.at = core::from_unix_ms(2'000'000);
  for (std::uint32_t n = 1; n <= 3; ++n)
    uses.items.push_back({id_of(n), "use"});
  CHECK(must<activated_tokens>(f.db, uses).changed == std::vector{id_of(1), id_of(3)});
  use_clients logins;
  logins.items.push_back({core::client_kind::basic, password.id, "use", core::from_unix_ms(2'000'000)});
  static_cast<void>(must<used_clients>(f.db, logins));
  for (const std::string table : tables)
    CHECK(f.server.value("SELECT status FROM " + table + " WHERE " + is_row(2)) == status);
}

TEST_CASE("a damaged row can be deleted, alone or with all tokens of its endpoint, and the deletion is published") {
  damaged_fixture f{GENERATE(as<std::string>{}, "NULL", "9")};
  for (const auto kind : {core::client_kind::basic, core::client_kind::x509}) {
    delete_client command;
    command.kind = kind;
    command.id = client_creation(kind, 2).credential.id;
    command.at = core::from_unix_ms(2'000'000);
    CHECK(must<deleted_client>(f.db, command).event.has_value());
  }
  if (GENERATE(false, true)) {
    delete_token command;
    command.which = {"ep-1", id_of(2)};
    command.at = core::from_unix_ms(2'000'000);
    CHECK(must<deleted_tokens>(f.db, command).events.size() == 1);
    CHECK(count_of(f.server, "endpoint_token") == 2);
  } else {
    delete_endpoint_tokens command;
    command.endpoint_id = "ep-1";
    command.at = core::from_unix_ms(2'000'000);
    command.precondition = [digest = digest_of(f, "ep-1")](const core::token_digest& now) { return now == digest; };
    CHECK(must<deleted_tokens>(f.db, command).count == 3);
    CHECK(count_of(f.server, "endpoint_token") == 0);
  }
  CHECK(count_of(f.server, "revocation") == 3);
}
