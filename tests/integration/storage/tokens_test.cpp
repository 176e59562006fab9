#include "catch.hpp"
#include "fixture.hpp"

#include <algorithm>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

namespace {

activate_tokens activation_of(std::uint32_t first, std::uint32_t last) {
  activate_tokens command;
  for (auto number = first; number <= last; ++number)
    command.items.push_back({id_of(number), "use-" + std::to_string(number)});
  command.at = core::from_unix_ms(2'000'000);
  command.actor = "cm";
  return command;
}

} // namespace

TEST_CASE("a token that was created is found by its hash, with all that was stored") {
  const storage_fixture f;
  session db{f.server.settings()};
  auto command = creation(7);
  command.application = "smart_meter-2";
  command.endpoint_id = "b197e391~.X_y";
  command.status = credential_status::suspended;
  const auto created = must<created_token>(db, command).token;
  CHECK(created.id == command.id);
  CHECK(created.application == command.application);
  CHECK(created.endpoint_id == command.endpoint_id);
  CHECK(created.status == credential_status::suspended);
  CHECK(created.created_at == command.at);
  CHECK_FALSE(created.updated_at.has_value());

  const auto found = must<found_tokens>(db, find_tokens{{command.hash}}).tokens;
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].has_value());
  CHECK(*found[0] == found_token{command.id, credential_status::suspended, command.endpoint_id});
  CHECK(must<got_tokens>(db, get_tokens{{{command.endpoint_id, command.id}}}).tokens.at(0) == created);
}

TEST_CASE("a batch of hashes is answered in its own order, with repeats and unknown ones, for every size") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 70);
  const std::size_t size = GENERATE(0U, 1U, 2U, 4U, 5U, 16U, 17U, 63U, 64U);
  find_tokens command;
  for (std::uint32_t i = 0; i < size; ++i)
    command.hashes.push_back(hash_of(i % 5 == 3 ? 1000 + i : i % 7 == 2 ? 1 : 70 - i));
  const auto found = must<found_tokens>(db, command).tokens;
  REQUIRE(found.size() == size);
  for (std::uint32_t i = 0; i < size; ++i) {
    INFO("position " << i << " of " << size);
    if (i % 5 == 3) {
      CHECK_FALSE(found[i].has_value());
    } else {
      REQUIRE(found[i].has_value());
      CHECK(found[i]->id == id_of(i % 7 == 2 ? 1 : 70 - i));
    }
  }
}

TEST_CASE("hashes with equal beginnings or ends are distinguished") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto alike = [](std::uint32_t number) {
    core::token_hash hash{};
    hash.fill(0xFF); // its first bytes select the last slot of the hash table
    hash[number < 32 ? 30 : 3] = static_cast<std::uint8_t>(number);
    return hash;
  };
  find_tokens command;
  for (std::uint32_t number = 1; number <= 64; ++number) {
    auto one = creation(number);
    one.hash = alike(number);
    if (number % 3 != 0)
      must<created_token>(db, one);
    command.hashes.push_back(one.hash);
  }
  const auto found = must<found_tokens>(db, command).tokens;
  for (std::uint32_t number = 1; number <= 64; ++number) {
    INFO(number);
    REQUIRE(found.at(number - 1).has_value() == (number % 3 != 0));
    CHECK((!found[number - 1] || found[number - 1]->id == id_of(number)));
  }
}

TEST_CASE("a look-up uses the index and does not scan the table") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 70);
  std::string list;
  for (std::uint32_t i = 1; i <= 64; ++i)
    list += (i == 1 ? "X'" : ",X'") + hex(hash_of(i)) + "'";
  // The plan of the statement that storage prepares, on a table with as many rows as an operator would have.
  f.server.execute("INSERT INTO endpoint_token SELECT UNHEX(MD5(seq)), UNHEX(SHA2(seq, 256)), 'app', 'other', 0, seq, "
                   "NULL, NULL FROM seq_1_to_20000");
  f.server.execute("ANALYZE TABLE endpoint_token");
  const auto plan = f.server.query("EXPLAIN SELECT id, application, endpoint_id, status, created_at, updated_at, "
                                   "token_hash FROM endpoint_token WHERE token_hash IN ("
                                   + list + ")");
  CHECK(plan.at(0).at(3) == "range");
  CHECK(plan.at(0).at(5) == "token_hash");
  const auto page = f.server.query("EXPLAIN SELECT id FROM endpoint_token WHERE endpoint_id = 'ep-1' AND status IN "
                                   "(0,1,2,3) ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET 0");
  CHECK(page.at(0).at(5) == "endpoint_created");
  CHECK(page.at(0).at(9).find("filesort") == std::string::npos);
}

TEST_CASE("more hashes or activations than a batch holds are refused") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto found = db.execute(find_tokens{std::vector<core::token_hash>(65)}, soon());
  REQUIRE(!found);
  CHECK(found.error().code == core::errc::invalid);
  const auto activated = db.execute(activation_of(1, 257), soon());
  REQUIRE(!activated);
  CHECK(activated.error().code == core::errc::invalid);
}

TEST_CASE("a second token with the same hash is a conflict and leaves nothing behind") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  auto second = creation(2);
  second.hash = hash_of(1);
  const auto result = db.execute(second, soon());
  REQUIRE(!result);
  CHECK(result.error().code == core::errc::conflict);
  CHECK(result.error().message == "The token already exists in the application");
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token") == "1");
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit") == "1");
  CHECK(db.connected());
  make_tokens(db, 3, 3); // the connection has no open transaction
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token") == "2");
}

TEST_CASE("the same creation repeated is success and changes nothing; its ID with another hash is a fault") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto first = must<created_token>(db, creation(1)).token;
  const auto again = must<created_token>(db, creation(1)).token;
  CHECK(again == first);
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit") == "1");
  auto other = creation(1);
  other.hash = hash_of(2);
  const auto result = db.execute(other, soon());
  REQUIRE(!result);
  CHECK(result.error().code == core::errc::internal);
}

TEST_CASE("a creation is in the audit trail with actor, channel and correlation ID") {
  const storage_fixture f;
  session db{f.server.settings()};
  auto command = creation(1);
  command.origin = {core::channel::import, "Jörg \U0001F511", std::string(300, 'x') + "\xFF"};
  static_cast<void>(must<created_token>(db, command));
  const auto rows = audit_of(f.server, 1);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0][0] == "NULL");
  CHECK(rows[0][1] == "0");
  CHECK(rows[0][2] == "3");
  CHECK(f.server.value("SELECT HEX(actor) FROM credential_audit") == "4AC3B6726720F09F9491");
  CHECK(rows[0][4] == std::string(255, 'x'));
}

TEST_CASE("the first use makes an inactive token active, once, with its audit row") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 270);
  const std::uint32_t size = GENERATE(1U, 3U, 37U, 64U, 200U, 256U);
  auto command = activation_of(1, size);
  command.items.push_back(command.items.front()); // a repeat within the batch
  command.items.back().correlation_id = "not this one";
  if (command.items.size() > max_activations)
    command.items.pop_back();
  const auto changed = must<activated_tokens>(db, command).changed;
  REQUIRE(changed.size() == size);
  for (std::uint32_t i = 0; i < size; ++i)
    CHECK(changed[i] == id_of(i + 1));
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE status = 1 AND updated_at = 2000000 AND "
                       "first_used_at = 2000000")
        == std::to_string(size));
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE status = 0 AND updated_at IS NULL AND "
                       "first_used_at IS NULL")
        == std::to_string(270 - size));
  const auto rows = audit_of(f.server, 1);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1] == std::vector<std::string>{"0", "1", "1", "cm", "use-1"});

  CHECK(must<activated_tokens>(db, command).changed.empty());
  CHECK(f.server.value("SELECT COUNT(*) FROM credential_audit") == std::to_string(270 + size));
}

TEST_CASE("only inactive tokens are activated: others and unknown ones are ignored") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  for (std::uint32_t number = 2; number <= 4; ++number) {
    auto command = creation(number);
    command.status = static_cast<credential_status>(number - 1);
    static_cast<void>(must<created_token>(db, command));
  }
  const auto changed = must<activated_tokens>(db, activation_of(1, 9)).changed;
  CHECK(changed == std::vector<core::uuid>{id_of(1)});
  const auto found = must<found_tokens>(db, find_tokens{{hash_of(1), hash_of(2), hash_of(3), hash_of(4)}}).tokens;
  CHECK(found[0]->status == credential_status::active);
  CHECK(found[1]->status == credential_status::active);
  CHECK(found[2]->status == credential_status::suspended);
  CHECK(found[3]->status == credential_status::revoked);
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE updated_at = 2000000 AND first_used_at = 2000000")
        == "1");
  CHECK(f.server.value("SELECT COUNT(*) FROM endpoint_token WHERE updated_at IS NULL") == "3");
  CHECK(audit_of(f.server, 1).size() == 2);
  CHECK(audit_of(f.server, 2).size() == 1);
}

TEST_CASE("a batch of creations stores each token with its audit row, for every batch size") {
  const storage_fixture f;
  session db{f.server.settings()};
  const std::uint32_t size = GENERATE(1U, 2U, 37U, 64U);
  create_tokens command;
  for (std::uint32_t number = 1; number <= size; ++number) {
    command.items.push_back(creation(number));
    command.items.back().status = static_cast<credential_status>(number % 4);
  }
  const auto created = must<created_tokens>(db, command).results;
  REQUIRE(created.size() == size);
  for (std::uint32_t number = 1; number <= size; ++number) {
    const auto& result = created[number - 1];
    REQUIRE(result.has_value());
    CHECK(result->token == must<got_tokens>(db, get_tokens{{{"ep-1", id_of(number)}}}).tokens.at(0));
    CHECK(audit_of(f.server, number)
          == std::vector<std::vector<std::string>>{
            {"NULL", std::to_string(number % 4), "0", "operator", "correlation-" + std::to_string(number)}});
  }
  CHECK(must<found_tokens>(db, find_tokens{{hash_of(size)}}).tokens.at(0)->id == id_of(size));

  const auto again = must<created_tokens>(db, command).results; // as after a lost answer
  CHECK(std::all_of(again.begin(), again.end(), [](const auto& result) { return result.has_value(); }));
  CHECK(count_of(f.server, "endpoint_token") == size);
  CHECK(count_of(f.server, "credential_audit") == size);
}

TEST_CASE("creations in a batch fail independently: existing, duplicate and invalid ones") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1);
  create_tokens command;
  for (std::uint32_t number = 11; number <= 15; ++number)
    command.items.push_back(creation(number));
  command.items[1].hash = hash_of(1);  // it exists
  command.items[3].hash = hash_of(11); // the first one is quicker
  const bool faulty = GENERATE(false, true);
  if (faulty)
    command.items[4].endpoint_id = "no endpoint";
  const auto created = must<created_tokens>(db, command).results;
  REQUIRE(created.size() == 5);
  CHECK(created[0].has_value());
  CHECK(created[1].error().code == core::errc::conflict);
  CHECK(created[2].has_value());
  CHECK(created[3].error().code == core::errc::conflict);
  if (faulty)
    CHECK(created[4].error().code == core::errc::invalid);
  else
    CHECK(created[4].has_value());
  const std::uint64_t stored = faulty ? 3 : 4;
  CHECK(count_of(f.server, "endpoint_token") == stored);
  CHECK(count_of(f.server, "credential_audit") == stored);
  CHECK(db.counters().drops == 0);
  command.items.clear();
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.items.resize(65, creation(20));
  CHECK(refusal(db, command).code == core::errc::invalid);
}

TEST_CASE("a page has the endpoint's tokens in order, filtered, with the total of all pages") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 10);
  auto same_time = creation(11); // the ID decides between equal times
  same_time.at = creation(10).at;
  static_cast<void>(must<created_token>(db, same_time));
  auto other = creation(12);
  other.endpoint_id = "ep-10";
  static_cast<void>(must<created_token>(db, other));
  static_cast<void>(must<activated_tokens>(db, activation_of(2, 4)));

  const auto ids = [](const token_page& page) {
    std::vector<std::uint32_t> numbers;
    for (const auto& token : page.items)
      numbers.push_back(token.id.bytes[3]);
    return numbers;
  };
  const auto list = [&](std::uint64_t offset, std::uint32_t limit, bool ascending,
                        std::vector<credential_status> statuses) {
    return must<token_page>(db, list_tokens{"ep-1", std::move(statuses), offset, limit, ascending});
  };
  using numbers = std::vector<std::uint32_t>;
  const auto first = list(0, 3, true, {});
  CHECK(ids(first) == numbers{1, 2, 3});
  CHECK(first.total == 11);
  CHECK(first.items[0].endpoint_id == "ep-1");
  CHECK(first.items[0].created_at == core::from_unix_ms(1'000'001));
  CHECK(ids(list(9, 5, true, {})) == numbers{10, 11});
  CHECK(ids(list(0, 3, false, {})) == numbers{11, 10, 9});
  CHECK(ids(list(8, 1000, false, {})) == numbers{3, 2, 1});

  const auto active = list(1, 20, true, {credential_status::active});
  CHECK(ids(active) == numbers{3, 4});
  CHECK(active.total == 3);
  CHECK(list(0, 20, true, {credential_status::active, credential_status::inactive}).total == 11);
  CHECK(list(0, 20, true, {credential_status::revoked, credential_status::suspended}).total == 0);

  SECTION("the total is right where the page is empty") {
    for (const auto& page : {list(11, 20, true, {}), list(0, 0, true, {}), list(~std::uint64_t{0}, 20, true, {})}) {
      CHECK(page.items.empty());
      CHECK(page.total == 11);
    }
    const auto nobody = must<token_page>(db, list_tokens{"nobody", {}, 0, 20, false});
    CHECK(nobody.items.empty());
    CHECK(nobody.total == 0);
  }
  SECTION("page and total are right wherever the page ends: before, at or beyond the end of the list") {
    for (std::uint64_t offset = 0; offset <= 12; ++offset) {
      for (std::uint32_t limit = 1; limit <= 12; ++limit) {
        const auto page = list(offset, limit, false, {});
        const auto left = offset < 11 ? 11 - offset : 0;
        CHECK(page.items.size() == std::min<std::uint64_t>(limit, left));
        CHECK(page.total == 11);
      }
    }
  }
  SECTION("endpoint IDs are compared byte by byte") {
    CHECK(must<token_page>(db, list_tokens{"EP-1", {}, 0, 20, false}).total == 0);
  }
  SECTION("a page that is too long is refused") {
    const auto result = db.execute(list_tokens{"ep-1", {}, 0, 1001, false}, soon());
    REQUIRE(!result);
    CHECK(result.error().code == core::errc::invalid);
  }
}

TEST_CASE("what is not an endpoint ID or application name is refused before the database sees it") {
  const storage_fixture f;
  session db{f.server.settings()};
  auto command = creation(1);
  command.endpoint_id = "späth";
  auto result = db.execute(command, soon());
  REQUIRE(!result);
  CHECK(result.error().code == core::errc::invalid);
  command = creation(1);
  command.application = "App";
  result = db.execute(command, soon());
  REQUIRE(!result);
  CHECK(result.error().code == core::errc::invalid);
}

TEST_CASE("a ping reports the server's version and address, and the clock skew") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto answer = must<pong>(db, ping{});
  CHECK(answer.host == "127.0.0.1:" + std::to_string(f.server.port()));
  CHECK(answer.server_version == f.server.value("SELECT VERSION()"));
  REQUIRE(db.server().has_value());
  CHECK(db.server()->address == answer.host);
  // The server runs on this machine; NOW(3) has milliseconds.
  CHECK(std::chrono::abs(answer.skew.offset) <= answer.skew.error + std::chrono::milliseconds{50});
  CHECK(answer.skew.error < std::chrono::seconds{5});
}
