#include "catch.hpp"
#include "fixture.hpp"

#include <atomic>
#include <thread>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

core::client_credential created_client(session& db, client_kind kind, std::uint32_t number) {
  return must<one_client>(db, client_creation(kind, number)).credential;
}

std::string table_of(client_kind kind) {
  return kind == client_kind::basic ? "basic_credential" : "x509_credential";
}

std::vector<std::uint32_t> ids(const client_page& page) {
  std::vector<std::uint32_t> all;
  for (const auto& item : page.items)
    all.push_back(item.id.bytes[3]);
  return all;
}

} // namespace

TEST_CASE("a client credential that was created is read with all that was stored") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  auto command = client_creation(kind, 7);
  command.credential.client_id = "Gerät \U0001F511";
  command.credential.status = credential_status::suspended;
  if (kind == client_kind::basic)
    command.credential.username = "Jörg@example";
  else
    command.credential.issuer = std::string(60'000, 'x');
  const auto created = must<one_client>(db, command).credential;
  CHECK(created == command.credential);
  CHECK(must<one_client>(db, get_client{kind, id_of(7)}).credential == created);
  CHECK(audit_of(f.server, 7)
        == std::vector<std::vector<std::string>>{{"NULL", "2", "0", "operator", "correlation-7"}});
  const auto other = kind == client_kind::basic ? client_kind::x509 : client_kind::basic;
  CHECK(refusal(db, get_client{other, id_of(7)}).code == core::errc::not_found);
  CHECK(refusal(db, get_client{kind, id_of(8)}).code == core::errc::not_found);
}

TEST_CASE("a username or certificate that exists is a conflict; the same creation again is success") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  const auto first = created_client(db, kind, 1);
  CHECK(created_client(db, kind, 1) == first);
  CHECK(count_of(f.server, "credential_audit") == 1);
  auto second = client_creation(kind, 1);
  second.credential.id = id_of(2);
  const auto error = refusal(db, second);
  CHECK(error.code == core::errc::conflict);
  CHECK(error.message
        == (kind == client_kind::basic ? "The username already exists" : "The certificate already exists"));
  CHECK(error.detail.find("user-1") == std::string::npos);
  auto other = client_creation(kind, 3);
  other.credential.id = id_of(1);
  CHECK(refusal(db, other).code == core::errc::internal);
  CHECK(count_of(f.server, table_of(kind)) == 1);
  CHECK(count_of(f.server, "credential_audit") == 1);
}

TEST_CASE("a creation that the tables cannot take is refused") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto refused = [&](const create_client& command) { return refusal(db, command).code == core::errc::invalid; };
  auto basic = client_creation(client_kind::basic, 1);
  for (const auto& name : {std::string{}, std::string(256, 'x'), std::string{"\xFF"}}) {
    basic.credential.username = name;
    CHECK(refused(basic));
  }
  basic = client_creation(client_kind::basic, 1);
  basic.password_phc = core::secret{};
  CHECK(refused(basic));
  basic.password_phc = core::secret{std::string(256, 'x')};
  CHECK(refused(basic));
  auto x509 = client_creation(client_kind::x509, 1);
  for (const auto* serial : {"", "-", "--12", "12a", "+12", "1-2"}) {
    x509.credential.serial_number = serial;
    CHECK(refused(x509));
  }
  x509.credential.serial_number = "12";
  x509.credential.issuer = std::string(65'536, 'x');
  CHECK(refused(x509));
  x509.credential.issuer = "CN=ca";
  x509.credential.client_id = std::string(256, 'x');
  CHECK(refused(x509));
  // The longest that they take, in characters of four bytes.
  basic = client_creation(client_kind::basic, 1);
  basic.credential.username.clear();
  for (int i = 0; i < 255; ++i)
    basic.credential.username += "\U0001F511";
  static_cast<void>(must<one_client>(db, basic));
  CHECK(must<found_basic>(db, find_basic{basic.credential.username}).credential.has_value());
}

TEST_CASE("a username finds the credential and the hash of its password by exact match only") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto created = created_client(db, client_kind::basic, 1);
  const auto found = must<found_basic>(db, find_basic{"user-1"});
  REQUIRE(found.credential.has_value());
  CHECK(*found.credential == created);
  CHECK(found.password_phc == core::secret{"$phc$1"});
  for (const auto* const other : {"user-2", "USER-1", "user-1 ", "user-1\t", "", "\xFF\xFF", "üser-1"}) {
    INFO('"' << other << '"');
    const auto nothing = must<found_basic>(db, find_basic{other});
    CHECK_FALSE(nothing.credential.has_value());
    CHECK(nothing.password_phc.empty());
  }
  auto padded = client_creation(client_kind::basic, 2);
  padded.credential.username = "user-1 ";
  CHECK(must<one_client>(db, padded).credential.username == "user-1 ");
}

TEST_CASE("a batch of usernames is answered in its own order, with repeats, unknown and impossible ones") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 1; n <= 20; ++n)
    created_client(db, client_kind::basic, n);
  find_basics request;
  request.usernames = {"user-7", "nobody", "user-1", "user-7", "USER-1", "user-1 ", "\xFF\xFF", std::string(300, 'x')};
  for (std::uint32_t n = 1; n <= 20; ++n)
    request.usernames.push_back("user-" + std::to_string(n));
  const auto found = must<found_basics>(db, request).credentials;
  REQUIRE(found.size() == request.usernames.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool known = i == 0 || i == 2 || i == 3 || i >= 8;
    INFO(i);
    REQUIRE(found[i].credential.has_value() == known);
    CHECK(found[i].password_phc.empty() != known);
    if (!known)
      continue;
    CHECK(found[i].credential->username == request.usernames[i]);
    CHECK(found[i].password_phc == core::secret{"$phc$" + request.usernames[i].substr(5)});
  }
  CHECK(must<found_basics>(db, find_basics{}).credentials.empty());
  CHECK(must<found_basics>(db, find_basics{{"\xFF\xFF"}}).credentials.size() == 1);
  request.usernames.resize(max_batch + 1);
  CHECK(refusal(db, request).code == core::errc::invalid);
}

TEST_CASE("a batch of certificates is answered in its own order, with repeats and unknown ones") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 1; n <= 20; ++n)
    created_client(db, client_kind::x509, n);
  const std::size_t size = GENERATE(0U, 1U, 5U, 64U);
  find_x509 command;
  for (std::uint32_t i = 0; i < size; ++i)
    command.subjects.push_back(hash_of(i % 24 + 1));
  const auto found = must<found_x509>(db, command).credentials;
  REQUIRE(found.size() == size);
  for (std::uint32_t i = 0; i < size; ++i) {
    CHECK(found[i].has_value() == (i % 24 < 20));
    if (found[i])
      CHECK(found[i]->serial_number == std::to_string(i % 24 + 1));
  }
  command.subjects.resize(65);
  CHECK(refusal(db, command).code == core::errc::invalid);
}

TEST_CASE("a certificate is found under other hashes that it may be stored by, and cannot be created again") {
  const storage_fixture f;
  session db{f.server.settings()};
  created_client(db, client_kind::x509, 1); // by the release before, in another spelling
  auto again = client_creation(client_kind::x509, 2);
  again.other_subjects = {hash_of(4), hash_of(1), hash_of(5)};
  CHECK(refusal(db, again).code == core::errc::conflict);
  CHECK(count_of(f.server, "x509_credential") == 1);
  CHECK(count_of(f.server, "credential_audit") == 1);
  again.other_subjects = {hash_of(3)};
  again.identity = hash_of(6);
  CHECK(must<one_client>(db, again).credential == again.credential);
  CHECK(must<one_client>(db, again).credential == again.credential); // a repetition

  find_x509 command;
  command.subjects = {hash_of(4), hash_of(2), hash_of(4), hash_of(1)};
  command.other_subjects = {{0, hash_of(1)}, {2, hash_of(5)}};
  const auto found = must<found_x509>(db, command).credentials;
  REQUIRE(found.size() == 4);
  CHECK(found[0]->id == id_of(1));
  CHECK(found[1]->id == id_of(2));
  CHECK_FALSE(found[2].has_value());
  CHECK(found[3]->id == id_of(1));
  command.other_subjects.clear();
  command.identities = {{2, hash_of(6)}, {0, hash_of(7)}};
  const auto by_identity = must<found_x509>(db, command).credentials;
  CHECK_FALSE(by_identity[0].has_value());
  CHECK(by_identity[2]->id == id_of(2));
  command.identities = {{4, hash_of(1)}};
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.identities.resize(65);
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.identities.clear();
  command.other_subjects = {{4, hash_of(1)}};
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.other_subjects.resize(64 * max_other_subjects + 1);
  CHECK(refusal(db, command).code == core::errc::invalid);
}

TEST_CASE("two sessions that create one certificate in two spellings at once: one of them succeeds") {
  const storage_fixture f;
  session first{f.server.settings()};
  session second{f.server.settings()};
  static_cast<void>(must<client_page>(first, list_clients{}));
  static_cast<void>(must<client_page>(second, list_clients{}));
  for (std::uint32_t n = 1; n <= 40; n += 2) {
    auto one = client_creation(client_kind::x509, n);
    auto other = client_creation(client_kind::x509, n + 1);
    // As releases that look for no other spelling: only the unique key is left to keep them apart.
    one.identity = other.identity = hash_of(1000 + n);
    std::atomic<int> succeeded = 0;
    std::thread racer{[&] {
      const client_thread thread;
      if (first.execute(one, soon()))
        ++succeeded;
    }};
    if (second.execute(other, soon()))
      ++succeeded;
    racer.join();
    CHECK(succeeded == 1);
  }
  CHECK(count_of(f.server, "x509_credential") == 20);
  CHECK(count_of(f.server, "credential_audit") == 20);
}

TEST_CASE("of several rows of one certificate the strictest decides, in whatever order they are found") {
  const storage_fixture f;
  session db{f.server.settings()};
  created_client(db, client_kind::x509, 1);
  for (std::uint32_t n = 2; n <= 3; ++n) {
    auto refused = client_creation(client_kind::x509, n);
    refused.credential.status = n == 2 ? credential_status::suspended : credential_status::revoked;
    static_cast<void>(must<one_client>(db, refused));
  }
  for (std::uint32_t n = 2; n <= 3; ++n) {
    CHECK(must<found_x509>(db, find_x509{{hash_of(1)}, {{0, hash_of(n)}}, {}}).credentials[0]->id == id_of(n));
    CHECK(must<found_x509>(db, find_x509{{hash_of(n)}, {{0, hash_of(1)}}, {}}).credentials[0]->id == id_of(n));
  }
  CHECK(must<found_x509>(db, find_x509{{hash_of(3)}, {{0, hash_of(2)}}, {}}).credentials[0]->id == id_of(3));
  CHECK(must<found_x509>(db, find_x509{{hash_of(2)}, {{0, hash_of(3)}}, {}}).credentials[0]->id == id_of(3));
  f.server.execute("UPDATE x509_credential SET status = 9 WHERE status = 2");
  CHECK(must<found_x509>(db, find_x509{{hash_of(1)}, {{0, hash_of(2)}}, {}}).credentials[0]->id == id_of(2));
  CHECK(must<found_x509>(db, find_x509{{hash_of(2)}, {{0, hash_of(3)}}, {}}).credentials[0]->id == id_of(3));
}

TEST_CASE("a page of clients is in order and filtered, with the total of all pages") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  using numbers = std::vector<std::uint32_t>;
  for (std::uint32_t n = 1; n <= 10; ++n) {
    auto command = client_creation(kind, n);
    command.credential.status = static_cast<credential_status>(n % 4);
    if (kind == client_kind::x509 && n > 6) {
      command.credential.issuer = "CN=other";
      command.credential.serial_number = std::to_string(n == 10 ? -2 : static_cast<int>(n) - 6);
    }
    static_cast<void>(must<one_client>(db, command));
  }
  const auto list = [&](auto&& change) {
    list_clients command;
    command.kind = kind;
    change(command);
    return must<client_page>(db, command);
  };
  const auto first = list([](list_clients& c) { c.limit = 3; });
  CHECK(ids(first) == numbers{10, 9, 8});
  CHECK(first.total == 10);
  CHECK(first.items[0] == must<one_client>(db, get_client{kind, id_of(10)}).credential);
  CHECK(ids(list([](list_clients& c) {
          c.ascending = true;
          c.offset = 8;
        }))
        == numbers{9, 10});
  const auto some = list([](list_clients& c) {
    c.statuses = {credential_status::revoked, credential_status::inactive};
    c.limit = 2;
    c.ascending = true;
  });
  CHECK(ids(some) == numbers{3, 4});
  CHECK(some.total == 4);
  const auto empty = list([](list_clients& c) { c.limit = 0; });
  CHECK(empty.items.empty());
  CHECK(empty.total == 10);
  if (kind == client_kind::basic) {
    CHECK(ids(list([](list_clients& c) { c.username = "user-4"; })) == numbers{4});
    CHECK(list([](list_clients& c) { c.username = "user-4 "; }).total == 0);
    CHECK(list([](list_clients& c) {
            c.username = "user-4";
            c.statuses = {credential_status::active};
          }).total
          == 0);
    CHECK(list([](list_clients& c) { c.issuers = {"CN=ca"}; }).total == 10); // not a property of the kind
  } else {
    CHECK(ids(list([](list_clients& c) { c.issuers = {"CN=other"}; })) == numbers{10, 9, 8, 7});
    CHECK(ids(list([](list_clients& c) { c.serial_number = "2"; })) == numbers{8, 2});
    CHECK(ids(list([](list_clients& c) {
            c.issuers = {"CN=nobody", "CN=other"};
            c.serial_number = "2";
          }))
          == numbers{8});
    const auto both = list([](list_clients& c) {
      c.issuers = {"CN=ca", "CN=x", "CN=other"};
      c.offset = 3;
      c.limit = 2;
    });
    CHECK(ids(both) == numbers{7, 6});
    CHECK(both.total == 10);
    CHECK(both.next.has_value());
    CHECK(ids(list([](list_clients& c) {
            c.issuers = {"CN=ca", "CN=other"};
            c.statuses = {credential_status::revoked, credential_status::active};
          }))
          == numbers{9, 7, 5, 3, 1});
    CHECK(ids(list([](list_clients& c) { c.serial_number = "-2"; })) == numbers{10});
    CHECK(ids(list([](list_clients& c) {
            c.issuers = {"CN=ca"};
            c.serial_number = "2";
          }))
          == numbers{2});
    CHECK(list([](list_clients& c) { c.issuers = {"CN=CA"}; }).total == 0);
    CHECK(list([](list_clients& c) { c.issuers = {"CN=ca "}; }).total == 0);
  }
  list_clients command;
  command.kind = kind;
  command.limit = 1001;
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.limit = 20;
  command.serial_number = "ä";
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.serial_number.reset();
  command.issuers.resize(51, "CN=ca");
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.issuers = {"\xFF"};
  command.username = "\xFF";
  CHECK(refusal(db, command).code == core::errc::invalid);
}

namespace {

client_use use(client_kind kind, std::uint32_t number, std::int64_t at) {
  return {kind, id_of(number), "use-" + std::to_string(number), core::from_unix_ms(at)};
}

} // namespace

TEST_CASE("uses of both kinds make inactive ones active and move the last use forward, never back") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 1; n <= 30; ++n) {
    auto command = client_creation(n % 2 == 0 ? client_kind::basic : client_kind::x509, n);
    command.credential.status = n <= 20 ? credential_status::inactive : credential_status::active;
    static_cast<void>(must<one_client>(db, command));
  }
  use_clients command;
  command.actor = "cm";
  for (std::uint32_t n = 30; n >= 1; --n)
    command.items.push_back(use(n % 2 == 0 ? client_kind::basic : client_kind::x509, n, 5'000'000 + n));
  command.items.push_back(use(client_kind::basic, 2, 6'000'000)); // again, later
  command.items.push_back(use(client_kind::basic, 2, 5'500'000));
  command.items.back().correlation_id = "not this one";
  command.items.push_back(use(client_kind::basic, 99, 1)); // unknown
  command.items.push_back(use(client_kind::x509, 2, 1));   // of the other kind
  CHECK(must<used_clients>(db, command).changed == 30);
  const auto read = [&](std::uint32_t n) {
    return must<one_client>(db, get_client{n % 2 == 0 ? client_kind::basic : client_kind::x509, id_of(n)}).credential;
  };
  for (std::uint32_t n = 1; n <= 30; ++n) {
    INFO(n);
    const auto credential = read(n);
    CHECK(credential.status == credential_status::active);
    CHECK(credential.last_used_at == core::from_unix_ms(n == 2 ? 6'000'000 : 5'000'000 + n));
    CHECK(credential.updated_at.has_value() == (n <= 20));
    const auto rows = audit_of(f.server, n);
    REQUIRE(rows.size() == (n <= 20 ? 2U : 1U));
    if (n <= 20) {
      CHECK(credential.updated_at == core::from_unix_ms(5'000'000 + n));
      CHECK(rows[1] == std::vector<std::string>{"0", "1", "1", "cm", "use-" + std::to_string(n)});
    }
  }
  CHECK(must<used_clients>(db, command).changed == 0); // harmless
  CHECK(must<used_clients>(db, {use_clients{{use(client_kind::x509, 1, 4'000'000)}, "cm"}}).changed == 0);
  CHECK(read(1).last_used_at == core::from_unix_ms(5'000'001));
  CHECK(must<used_clients>(db, {use_clients{{use(client_kind::x509, 1, 7'000'000)}, "cm"}}).changed == 1);
  CHECK(read(1).last_used_at == core::from_unix_ms(7'000'000));
  CHECK(must<used_clients>(db, use_clients{}).changed == 0);
  command.items.resize(65);
  CHECK(refusal(db, command).code == core::errc::invalid);
  CHECK(count_of(f.server, "revocation") == 0);
}

TEST_CASE("a use does not bring a suspended or revoked credential back") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 2; n <= 3; ++n) {
    auto command = client_creation(client_kind::basic, n);
    command.credential.status = static_cast<credential_status>(n);
    static_cast<void>(must<one_client>(db, command));
  }
  static_cast<void>(
    must<used_clients>(db, use_clients{{use(client_kind::basic, 2, 5), use(client_kind::basic, 3, 5)}, "cm"}));
  CHECK(f.server.value("SELECT GROUP_CONCAT(status ORDER BY id) FROM basic_credential") == "2,3");
  CHECK(count_of(f.server, "credential_audit") == 2);
}
