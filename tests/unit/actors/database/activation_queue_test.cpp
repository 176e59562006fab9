#include "actors/database/activation_queue.hpp"
#include "catch.hpp"
#include "storage/events/audit.hpp"
#include "storage_fixtures.hpp"

#include <map>
#include <random>
#include <set>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;

namespace {

const std::string uuid_text = "8f14e45f-ceea-467f-a0e6-b2c3d4e5f601";

std::vector<std::string> texts(const std::vector<storage::activation>& taken) {
  std::vector<std::string> out;
  out.reserve(taken.size());
  for (const auto& use : taken)
    out.push_back(use.correlation_id);
  return out;
}

} // namespace

TEST_CASE("first uses come out in order, with correlation IDs of every kind unchanged") {
  const std::vector<std::string> kinds{"",
                                       "c",
                                       uuid_text,
                                       "8F14E45F-CEEA-467F-A0E6-B2C3D4E5F601",
                                       std::string(255, 'x'),
                                       "\xFF\n" + std::string(1, '\0') + "z"};
  activation_queue queue{10};
  for (std::size_t i = 0; i < kinds.size(); ++i)
    CHECK(queue.add({id_of(i + 1), kinds[i]}));
  CHECK(queue.size() == kinds.size());
  const auto taken = queue.take(100);
  CHECK(texts(taken) == kinds);
  for (std::size_t i = 0; i < taken.size(); ++i)
    CHECK(taken[i].id == id_of(i + 1));
  CHECK(queue.empty());
}

TEST_CASE("a long correlation ID is truncated to what the audit trail shows") {
  activation_queue queue{10};
  const auto text = std::string(254, 'x') + "\xF0\x9F\x94\x91" + std::string(1000, 'y');
  CHECK(queue.add({id_of(1), text}));
  const auto kept = queue.take(1).at(0).correlation_id;
  CHECK(kept.size() < 300);
  CHECK(storage::audit_text(kept) == storage::audit_text(text));
}

TEST_CASE("a token is known from add() until done(), also while it is taken or waits again") {
  activation_queue queue{2};
  CHECK(queue.add({id_of(1), "first"}));
  CHECK(queue.add({id_of(1), "second"}));
  CHECK(queue.size() == 1);
  const auto taken = queue.take(5);
  CHECK(queue.add({id_of(1), "third"}));
  CHECK(queue.size() == 0);
  queue.requeue(taken);
  CHECK(queue.size() == 1);
  CHECK(queue.add({id_of(2), "other"}));
  CHECK_FALSE(queue.add({id_of(3), "no room"}));
  CHECK(queue.add({id_of(2), "known"}));
  CHECK(texts(queue.take(5)) == std::vector<std::string>{"first", "other"});
  CHECK_FALSE(queue.add({id_of(3), "no room yet"}));
  queue.done(taken);
  CHECK(queue.add({id_of(3), "room"}));
  CHECK(queue.add({id_of(1), "again"}) == false);
}

TEST_CASE("the entries of a queue take at most 64 bytes times its limit") {
  activation_queue queue{100};
  std::size_t taken = 0;
  for (std::size_t i = 1; i <= 100; ++i)
    taken += queue.add({id_of(i), std::string(250, 'x')}) ? 1U : 0U;
  CHECK(taken >= 100 * 64 / 280);
  CHECK(taken <= 100 * 64 / 260 + 1);
  queue.done(queue.take(100));
  CHECK(queue.add({id_of(500), "room again"}));
}

TEST_CASE("a million first uses wait in order") {
  constexpr std::size_t million = 1'000'000;
  activation_queue queue{1'048'576};
  std::mt19937_64 random{7};
  std::vector<core::uuid> ids(million);
  std::size_t refused = 0;
  for (auto& id : ids) {
    for (auto& byte : id.bytes)
      byte = static_cast<std::uint8_t>(random());
    refused += queue.add({id, uuid_text}) ? 0U : 1U;
  }
  CHECK(refused == 0);
  REQUIRE(queue.size() == million);
  std::size_t next = 0;
  bool same = true;
  while (!queue.empty()) {
    const auto batch = queue.take(256);
    for (const auto& use : batch)
      same = same && use.id == ids[next++] && use.correlation_id == uuid_text;
    queue.done(batch);
  }
  CHECK(same);
  CHECK(next == million);
}

TEST_CASE("a set of IDs agrees with std::set through thousands of random steps") {
  std::mt19937 random{GENERATE(1U, 20221122U)};
  uuid_set set;
  std::set<core::uuid> model;
  for (int step = 0; step < 100'000; ++step) {
    auto id = id_of(random() % 700);
    if (random() % 4 == 0)
      id.bytes[0] = 1; // a hash collision with another ID
    if (random() % 2 == 0) {
      REQUIRE(set.insert(id) == model.insert(id).second);
    } else {
      set.erase(id);
      model.erase(id);
    }
    REQUIRE(set.size() == model.size());
    if (step % 20'000 == 19'999) {
      for (const auto& member : std::set<core::uuid>{model})
        set.erase(member);
      REQUIRE(set.size() == 0);
      model.clear();
    }
  }
}
