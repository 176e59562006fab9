#include "catch.hpp"
#include "fixture.hpp"

#include <algorithm>
#include <future>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::credential_status;

namespace {

import_item line(std::uint32_t number, const std::string& endpoint = "ep-1",
                 std::optional<credential_status> status = std::nullopt) {
  return {id_of(number), hash_of(number), "app", endpoint, status};
}

import_tokens import_of(std::vector<import_item> items) {
  return {std::move(items), core::from_unix_ms(5'000'000), {core::channel::import, "operator", "import"}};
}

std::vector<import_verdict> verdicts(const imported_tokens& imported) {
  std::vector<import_verdict> all;
  for (const auto& result : imported.results)
    all.push_back(result.verdict);
  return all;
}

} // namespace

TEST_CASE("new tokens of an import are created with their states and audit rows, for every size of a batch") {
  const storage_fixture f;
  session db{f.server.settings()};
  const std::uint32_t size = GENERATE(0U, 1U, 5U, 37U, 500U);
  std::vector<import_item> items;
  for (std::uint32_t n = 1; n <= size; ++n)
    items.push_back(line(n, "ep-1", n % 5 == 4 ? std::nullopt : std::optional{static_cast<credential_status>(n % 5)}));
  const auto imported = must<imported_tokens>(db, import_of(items));
  REQUIRE(imported.results.size() == size);
  for (std::uint32_t n = 1; n <= size; ++n) {
    CHECK(imported.results[n - 1].verdict == import_verdict::created);
    CHECK(imported.results[n - 1].id == id_of(n));
    const auto found = must<found_tokens>(db, find_tokens{{hash_of(n)}}).tokens.at(0);
    REQUIRE(found.has_value());
    CHECK(found->status == (n % 5 == 4 ? credential_status::inactive : static_cast<credential_status>(n % 5)));
    CHECK(found->status == imported.results[n - 1].status);
    CHECK(must<got_tokens>(db, get_tokens{{{"ep-1", id_of(n)}}}).tokens.at(0)->created_at
          == core::from_unix_ms(5'000'000));
    CHECK(audit_of(f.server, n)
          == std::vector<std::vector<std::string>>{
            {"NULL", std::to_string(static_cast<int>(found->status)), "3", "operator", "import"}});
  }
  CHECK(count_of(f.server, "endpoint_token") == size);
  CHECK(count_of(f.server, "revocation") == 0);
}

TEST_CASE("lines with an existing token report how it differs, and change nothing") {
  const storage_fixture f;
  session db{f.server.settings()};
  make_tokens(db, 1, 4);
  auto items = std::vector<import_item>{line(1), line(2, "ep-1", credential_status::inactive),
                                        line(3, "ep-1", credential_status::active), line(4, "ep-2"), line(5)};
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i].id = id_of(static_cast<std::uint32_t>(101 + i)); // each line has an ID of its own
  const auto imported = must<imported_tokens>(db, import_of(items));
  using enum import_verdict;
  CHECK(verdicts(imported) == std::vector{unchanged, unchanged, other_status, other_endpoint, created});
  CHECK(imported.results[0].id == id_of(1));
  CHECK(imported.results[2].id == id_of(3));
  CHECK(imported.results[2].status == credential_status::inactive);
  CHECK(imported.results[3].id == core::uuid{});
  CHECK(imported.results[4].id == id_of(105));
  CHECK(count_of(f.server, "endpoint_token") == 5);
  CHECK(count_of(f.server, "credential_audit") == 5);
}

TEST_CASE("Inactive in a line is right for a token that was used since, and no other difference of states is") {
  const storage_fixture f;
  session db{f.server.settings()};
  constexpr std::array states{credential_status::inactive, credential_status::active, credential_status::suspended,
                              credential_status::revoked};
  std::vector<import_item> there;
  std::vector<import_item> again;
  for (std::uint32_t stored = 0; stored < 4; ++stored) {
    for (std::uint32_t wanted = 0; wanted < 4; ++wanted) {
      there.push_back(line(4 * stored + wanted + 1, "ep-1", states.at(stored)));
      again.push_back(line(4 * stored + wanted + 1, "ep-1", states.at(wanted)));
      again.back().id = id_of(101 + 4 * stored + wanted);
    }
  }
  static_cast<void>(must<imported_tokens>(db, import_of(there)));
  const auto imported = must<imported_tokens>(db, import_of(again));
  for (std::size_t stored = 0; stored < 4; ++stored) {
    for (std::size_t wanted = 0; wanted < 4; ++wanted) {
      INFO("stored " << stored << ", wanted " << wanted);
      const auto& result = imported.results.at(4 * stored + wanted);
      const bool right = stored == wanted || (stored == 1 && wanted == 0);
      CHECK(result.verdict == (right ? import_verdict::unchanged : import_verdict::other_status));
      CHECK(result.status == states.at(stored));
    }
  }
  CHECK(count_of(f.server, "credential_audit") == 16);
}

TEST_CASE("lines with the same token are compared in one batch as in two") {
  const storage_fixture f;
  session db{f.server.settings()};
  using enum import_verdict;
  const auto verdicts_of = [&](std::uint32_t number, std::vector<std::optional<credential_status>> wanted) {
    std::vector<import_item> items;
    for (const auto& status : wanted) {
      items.push_back(line(number, "ep-1", status));
      items.back().id = id_of(number * 10 + static_cast<std::uint32_t>(items.size()));
    }
    return verdicts(must<imported_tokens>(db, import_of(std::move(items))));
  };
  constexpr auto inactive = credential_status::inactive;
  constexpr auto active = credential_status::active;
  CHECK(verdicts_of(1, {inactive, inactive, std::nullopt}) == std::vector{created, unchanged, unchanged});
  CHECK(verdicts_of(2, {active, inactive, active}) == std::vector{created, unchanged, unchanged});
  CHECK(verdicts_of(3, {inactive, active}) == std::vector{created, repeated_in_batch});
  CHECK(verdicts_of(4, {credential_status::suspended, inactive}) == std::vector{created, repeated_in_batch});
}

TEST_CASE("a large import of which every other token exists creates the missing ones, once") {
  const storage_fixture f;
  session db{f.server.settings()};
  std::vector<import_item> there;
  std::vector<import_item> all;
  for (std::uint32_t n = 1; n <= 500; ++n) {
    all.push_back(line(n));
    if (n % 2 == 0)
      there.push_back(line(n));
  }
  static_cast<void>(must<imported_tokens>(db, import_of(there)));
  for (auto& item : all)
    item.id.bytes[15] = 7; // another file, other IDs
  const auto imported = must<imported_tokens>(db, import_of(all));
  for (std::uint32_t n = 1; n <= 500; ++n) {
    INFO(n);
    CHECK(imported.results[n - 1].verdict == (n % 2 == 0 ? import_verdict::unchanged : import_verdict::created));
    CHECK(imported.results[n - 1].id == (n % 2 == 0 ? id_of(n) : all[n - 1].id));
  }
  CHECK(count_of(f.server, "endpoint_token") == 500);
  CHECK(count_of(f.server, "credential_audit") == 500);
}

TEST_CASE("of lines with the same token the first is imported, and the others are compared with it") {
  const storage_fixture f;
  session db{f.server.settings()};
  auto items = std::vector<import_item>{line(1),
                                        line(1),
                                        line(1, "ep-1", credential_status::inactive),
                                        line(1, "ep-2"),
                                        line(1, "ep-1", credential_status::active),
                                        line(2)};
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i].id = id_of(static_cast<std::uint32_t>(101 + i));
  const auto imported = must<imported_tokens>(db, import_of(items));
  using enum import_verdict;
  CHECK(verdicts(imported)
        == std::vector{created, unchanged, unchanged, repeated_in_batch, repeated_in_batch, created});
  CHECK(imported.results[1].id == id_of(101));
  CHECK(imported.results[3].id == core::uuid{});
  CHECK(imported.results[4].id == id_of(101));
  CHECK(count_of(f.server, "endpoint_token") == 2);
  CHECK(count_of(f.server, "credential_audit") == 2);
}

TEST_CASE("an import that is repeated with its IDs has created what it created, and writes nothing twice") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto command = import_of({line(1), line(2)});
  const auto first = must<imported_tokens>(db, command);
  const auto again = must<imported_tokens>(db, command);
  CHECK(verdicts(again) == verdicts(first));
  CHECK(count_of(f.server, "credential_audit") == 2);
  auto taken = import_of({line(3)});
  taken.items[0].id = id_of(1);
  CHECK(refusal(db, taken).code == core::errc::internal);
  CHECK(count_of(f.server, "endpoint_token") == 2);
}

TEST_CASE("a batch with an invalid line, or with too many lines, is refused as a whole") {
  const storage_fixture f;
  session db{f.server.settings()};
  auto command = import_of({line(1), line(2, "no endpoint")});
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.items[1] = line(2);
  command.items[1].application = "App";
  CHECK(refusal(db, command).code == core::errc::invalid);
  command.items.resize(501, line(1));
  CHECK(refusal(db, command).code == core::errc::invalid);
  CHECK(count_of(f.server, "endpoint_token") == 0);
}

TEST_CASE("a row that another transaction is inserting is waited for and then compared") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  run(*other, "INSERT INTO endpoint_token VALUES (X'" + hex(id_of(9).bytes) + "', X'" + hex(hash_of(1))
                + "', 'app', 'ep-1', 0, 1, NULL, NULL)");
  auto worker = std::async(std::launch::async, [&] {
    const client_thread thread;
    return must<imported_tokens>(db, import_of({line(1), line(2)}));
  });
  wait_until([&] { return somebody_waits(f.server); });
  run(*other, "COMMIT");
  const auto imported = worker.get();
  CHECK(verdicts(imported) == std::vector{import_verdict::unchanged, import_verdict::created});
  CHECK(imported.results[0].id == id_of(9));
  CHECK(audit_of(f.server, 1).empty());
  CHECK(audit_of(f.server, 2).size() == 1);
}

TEST_CASE("an earlier attempt of the same import that commits only now gets no second audit row") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  auto other = connect(f.server);
  run(*other, "START TRANSACTION");
  run(*other, "INSERT INTO endpoint_token VALUES (X'" + hex(id_of(1).bytes) + "', X'" + hex(hash_of(1))
                + "', 'app', 'ep-1', 0, 5000000, NULL, NULL)");
  run(*other,
      "INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, correlation_id) "
      "VALUES (X'"
        + hex(id_of(1).bytes) + "', 5000000, NULL, 0, 3, 'operator', 'import')");
  auto worker = std::async(std::launch::async, [&] {
    const client_thread thread;
    return must<imported_tokens>(db, import_of({line(1)}));
  });
  wait_until([&] { return somebody_waits(f.server); });
  run(*other, "COMMIT");
  CHECK(verdicts(worker.get()) == std::vector{import_verdict::created});
  CHECK(audit_of(f.server, 1).size() == 1);
}

TEST_CASE("two replicas that import the same file at once end well, and each token is created by one of them") {
  const storage_fixture f;
  session setup{f.server.settings()};
  REQUIRE(setup.connect().has_value());
  constexpr std::uint32_t batches = 20;
  constexpr std::uint64_t lines = std::uint64_t{batches} * 64;
  const auto replica = [&](std::uint32_t ids_from) {
    return std::async(std::launch::async, [&f, ids_from] {
      const client_thread thread;
      session db{f.server.settings()};
      std::size_t created = 0;
      for (std::uint32_t batch = 0; batch < batches; ++batch) {
        std::vector<import_item> items;
        for (std::uint32_t i = 1; i <= 64; ++i) {
          items.push_back(line(batch * 64 + i));
          items.back().id = id_of(ids_from + batch * 64 + i);
        }
        for (const auto verdict : verdicts(must<imported_tokens>(db, import_of(items)))) {
          if (verdict == import_verdict::created)
            ++created;
          else if (verdict != import_verdict::unchanged)
            throw std::runtime_error("neither created nor unchanged");
        }
      }
      return created;
    });
  };
  auto one = replica(1'000'000);
  auto two = replica(2'000'000);
  CHECK(one.get() + two.get() == lines);
  CHECK(count_of(f.server, "endpoint_token") == lines);
  CHECK(count_of(f.server, "credential_audit") == lines);
}
