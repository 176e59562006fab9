#include "catch.hpp"
#include "fixture.hpp"

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

TEST_CASE("a token's history is its audit trail, newest first, with the total of all pages") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 2);
  for (int i = 0; i < 4; ++i) {
    change_token_status command;
    command.which = hash_of(1);
    command.target = i % 2 == 0 ? credential_status::suspended : credential_status::active;
    command.at = core::from_unix_ms(2'000'000 + i);
    command.origin = {core::channel::ecap, "someone", "change-" + std::to_string(i)};
    CHECK(must<changed_token>(db, command).changed);
  }
  const auto page = [&](std::uint64_t offset, std::uint32_t limit) {
    return must<history_page>(db, token_history{{"ep-1", id_of(1)}, offset, limit});
  };
  const auto all = page(0, 20);
  CHECK(all.total == 5);
  REQUIRE(all.items.size() == 5);
  CHECK(all.items[0]
        == core::audit_record{core::from_unix_ms(2'000'003), credential_status::suspended, credential_status::active,
                              core::channel::ecap, "someone", "change-3"});
  CHECK(all.items[4]
        == core::audit_record{core::from_unix_ms(1'000'001), std::nullopt, credential_status::inactive,
                              core::channel::rest, "operator", "correlation-1"});
  CHECK(page(1, 2).items == std::vector<core::audit_record>{all.items[1], all.items[2]});
  CHECK(page(5, 20).items.empty());
  CHECK(page(5, 20).total == 5);
  CHECK(page(0, 0).total == 5);
  CHECK(refusal(db, token_history{{"ep-2", id_of(1)}, 0, 20}).code == core::errc::not_found);
  CHECK(refusal(db, token_history{{"ep-1", id_of(3)}, 0, 20}).code == core::errc::not_found);
  CHECK(refusal(db, token_history{{"ep-1", id_of(1)}, 0, 1001}).code == core::errc::invalid);
}

TEST_CASE("an export gives all tokens piece by piece, by rising ID, or those of one application") {
  const storage_fixture f;
  session db{f.server.settings()};
  for (std::uint32_t n = 1; n <= 50; ++n) {
    auto command = creation(n);
    command.application = n % 5 == 0 ? "rare" : "app";
    static_cast<void>(must<created_token>(db, command));
  }
  const auto walk = [&](const std::string& application, std::uint32_t limit) {
    std::vector<std::uint32_t> numbers;
    core::uuid after;
    for (;;) {
      const auto piece = must<exported_tokens>(db, export_tokens{application, after, limit}).items;
      for (const auto& token : piece)
        numbers.push_back(token.id.bytes[3]);
      if (piece.size() < limit)
        return numbers;
      after = piece.back().id;
    }
  };
  std::vector<std::uint32_t> all;
  std::vector<std::uint32_t> rare;
  for (std::uint32_t n = 1; n <= 50; ++n) {
    all.push_back(n);
    if (n % 5 == 0)
      rare.push_back(n);
  }
  CHECK(walk("", 7) == all);
  CHECK(walk("", 50) == all);
  CHECK(walk("", 1000) == all);
  CHECK(walk("rare", 3) == rare);
  CHECK(walk("rare", 1000) == rare);
  CHECK(walk("ap", 10).empty());
  const auto first = must<exported_tokens>(db, export_tokens{"rare", {}, 1}).items.at(0);
  CHECK(first == must<got_tokens>(db, get_tokens{{{"ep-1", id_of(5)}}}).tokens.at(0));
  CHECK(refusal(db, export_tokens{"", {}, 1001}).code == core::errc::invalid);
  CHECK(refusal(db, export_tokens{"", {}, 0}).code == core::errc::invalid);

  const auto plan =
    f.server.query("EXPLAIN SELECT id FROM endpoint_token FORCE INDEX (application_id) WHERE id > X'00' "
                   "AND application = 'rare' ORDER BY id LIMIT 10");
  CHECK(plan.at(0).at(5) == "application_id");
  CHECK(plan.at(0).at(9).find("filesort") == std::string::npos);
}

TEST_CASE("tokens are read by their addresses, in the order of the request, duplicates included") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 70);
  const auto read = [&](const std::vector<token_address>& which) {
    return must<got_tokens>(db, get_tokens{which}).tokens;
  };
  CHECK(read({}).empty());
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{17}, max_batch}) {
    std::vector<token_address> which;
    for (std::size_t i = 0; i < count; ++i)
      which.push_back({"ep-1", id_of(static_cast<std::uint32_t>(count - i))}); // not in the order of the index
    const auto found = read(which);
    REQUIRE(found.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(found[i].has_value());
      CHECK(found[i]->id == which[i].id);
      CHECK(found[i]->endpoint_id == "ep-1");
    }
  }
  const auto mixed = read({{"ep-1", id_of(2)}, {"ep-2", id_of(2)}, {"ep-1", id_of(99)}, {"ep-1", id_of(2)}});
  CHECK(mixed[0] == mixed[3]);
  CHECK(mixed[0].has_value());
  CHECK(!mixed[1].has_value());
  CHECK(!mixed[2].has_value());
  CHECK(refusal(db, get_tokens{std::vector<token_address>(max_batch + 1)}).code == core::errc::invalid);
}

TEST_CASE("of up to 64 endpoints those with tokens are reported, each once, whatever the status of the tokens") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1); // makes the table
  f.server.execute("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) "
                   "SELECT UNHEX(CONCAT('FE', LPAD(HEX(seq), 30, '0'))), UNHEX(SHA2(CONCAT('f', seq), 256)), 'app', "
                   "CONCAT('has-', seq MOD 40), seq MOD 4, seq FROM seq_1_to_200");
  const auto found = [&](const std::vector<std::string>& ids) {
    auto out = must<found_endpoints>(db, find_endpoints{ids}).endpoint_ids;
    std::sort(out.begin(), out.end());
    return out;
  };
  CHECK(found({}).empty());
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{17}, max_batch}) {
    std::vector<std::string> asked;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < count; ++i)
      asked.push_back("has-" + std::to_string(i));
    std::copy_n(asked.begin(), std::min(count, std::size_t{40}), std::back_inserter(expected));
    std::sort(expected.begin(), expected.end());
    CHECK(found(asked) == expected);
  }
  CHECK(found({"nobody", "has-1", "has-1", "HAS-1"}) == std::vector<std::string>{"has-1"});
  CHECK(found({"nobody"}).empty());
  CHECK(refusal(db, find_endpoints{std::vector<std::string>(max_batch + 1, "a")}).code == core::errc::invalid);
  CHECK(refusal(db, find_endpoints{{"has-1", "späth"}}).code == core::errc::invalid);
}

TEST_CASE("several lists return what each would return alone, in their order") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 5);
  // One endpoint with more tokens than are read at once, and endpoints before and after it.
  f.server.execute("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                   "created_at) SELECT UNHEX(CONCAT('FF', LPAD(HEX(seq), 30, '0'))), UNHEX(SHA2(seq, 256)), 'app', "
                   "IF(seq <= 700, 'ep-5', CONCAT('ep-', seq MOD 10)), seq MOD 4, seq DIV 3 "
                   "FROM seq_1_to_800");
  list_many several;
  for (const auto* endpoint : {"ep-1", "nobody", "ep-5", "ep-3", "ep-7", "ep-3"})
    several.lists.push_back({endpoint, {}, 0, 20, false});
  SECTION("first pages") {}
  SECTION("other pages, in the opposite order") {
    for (std::size_t i = 0; i < several.lists.size(); ++i) {
      several.lists[i].offset = i;
      several.lists[i].limit = static_cast<std::uint32_t>(3 * i);
      several.lists[i].ascending = true;
    }
  }
  SECTION("some states only") {
    for (auto& one : several.lists)
      one.statuses = {credential_status::revoked, credential_status::active};
  }
  SECTION("without the long one") {
    several.lists.erase(several.lists.begin() + 2);
  }
  SECTION("one") {
    several.lists.resize(1);
  }
  const auto pages = must<token_pages>(db, several).pages;
  REQUIRE(pages.size() == several.lists.size());
  for (std::size_t i = 0; i < pages.size(); ++i) {
    INFO(several.lists[i].endpoint_id);
    const auto alone = must<token_page>(db, several.lists[i]);
    CHECK(pages[i].items == alone.items);
    CHECK(pages[i].total == alone.total);
    CHECK(pages[i].digest == alone.digest);
    CHECK(pages[i].digest == digest_of(f, several.lists[i].endpoint_id));
  }
  CHECK(must<token_pages>(db, list_many{}).pages.empty());
}

TEST_CASE("several lists are refused where one of them breaks its bounds, or where they are too many") {
  const storage_fixture f;
  session db{f.server.settings()};
  const list_tokens good{"ep-1", {}, 0, 20, false};
  CHECK(refusal(db, list_many{std::vector<list_tokens>(max_lists + 1, good)}).code == core::errc::invalid);
  CHECK(refusal(db, list_many{{good, {"ep-1", {}, 0, 1001, false}}}).code == core::errc::invalid);
  CHECK(refusal(db, list_many{{good, {"späth", {}, 0, 20, false}}}).code == core::errc::invalid);
}

TEST_CASE("several lists are read by the index of the endpoints, in its order") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 1); // and the tables
  f.server.execute("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                   "created_at) SELECT UNHEX(CONCAT('FF', LPAD(HEX(seq), 30, '0'))), UNHEX(SHA2(seq, 256)), 'app', "
                   "CONCAT('ep-', seq DIV 2), 0, seq FROM seq_1_to_20000");
  f.server.execute("ANALYZE TABLE endpoint_token");
  const auto plan = f.server.query("EXPLAIN SELECT id, application, endpoint_id, status, created_at, updated_at FROM "
                                   "endpoint_token WHERE endpoint_id IN ('ep-1','ep-77','ep-5000','ep-9') ORDER BY "
                                   "endpoint_id, created_at, id LIMIT 512");
  CHECK(plan.at(0).at(3) == "range");
  CHECK(plan.at(0).at(5) == "endpoint_created");
  CHECK(plan.at(0).at(9).find("filesort") == std::string::npos);
}
