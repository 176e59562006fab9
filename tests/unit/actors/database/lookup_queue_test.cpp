#include "actors/database/lookup_queue.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

#include <algorithm>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

storage_result_ptr rows_of(const lookup_queue::batch& keys) {
  storage::found_tokens out;
  out.tokens.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    out.tokens[i].emplace();
    out.tokens[i]->id.bytes[0] = keys[i].hash[0];
  }
  return std::make_shared<storage_result>(storage::reply{std::move(out)});
}

// The first byte of the hash of each token that a completed look-up has found, in its order.
std::vector<int> first_bytes(const completion& done) {
  std::vector<int> out;
  for (const auto& token : std::get<storage::found_tokens>(**done.result).tokens)
    out.push_back(token->id.bytes[0]);
  return out;
}

core::token_hash hash_with(std::uint8_t number) {
  core::token_hash out{};
  out[0] = number;
  return out;
}

const storage_result_ptr outage = failed_result(errc::unavailable, "away", "");

} // namespace

TEST_CASE("a look-up is completed once, when its last key has a result, with the tokens in its own order") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(3), hash_with(1), hash_with(2)}, far_away()}, at(seconds{0}));
  const auto first = queue.take(2, at(seconds{0}));
  const auto second = queue.take(2, at(seconds{0}));
  REQUIRE(first.size() == 2);
  REQUIRE(second.size() == 1);
  CHECK(queue.empty());
  queue.complete(second, rows_of(second), done);
  CHECK(done.empty());
  queue.complete(first, rows_of(first), done);
  REQUIRE(done.size() == 1);
  CHECK(done[0].id == 1);
  CHECK(first_bytes(done[0]) == std::vector<int>{3, 1, 2});
  queue.complete(first, rows_of(first), done);
  CHECK(done.size() == 1);
}

TEST_CASE("look-ups share a key that waits, until a batch has taken it") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1), hash_with(1)}, at(seconds{1})}, at(seconds{0}));
  queue.add(2, {{hash_with(1)}, at(seconds{3})}, at(seconds{0}));
  CHECK(queue.size() == 1);
  const auto shared = queue.take(8, at(seconds{0}));
  REQUIRE(shared.size() == 1);
  CHECK(shared[0].deadline == at(seconds{3}));
  queue.add(3, {{hash_with(1)}, far_away()}, at(seconds{0})); // the result under way may be older than this request
  CHECK(queue.size() == 1);
  queue.complete(shared, rows_of(shared), done);
  REQUIRE(done.size() == 2);
  CHECK(first_bytes(done[0]) == std::vector<int>{1, 1});
  CHECK(first_bytes(done[1]) == std::vector<int>{1});
}

TEST_CASE("an error completes every look-up that waits for one of the keys, once") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1), hash_with(2)}, far_away()}, at(seconds{0}));
  queue.add(2, {{hash_with(2)}, far_away()}, at(seconds{0}));
  queue.add(3, {{hash_with(3)}, far_away()}, at(seconds{0}));
  queue.complete(queue.take(2, at(seconds{0})), outage, done);
  REQUIRE(done.size() == 2);
  CHECK(done[0].result == outage);
  CHECK(done[1].result == outage);
  CHECK(queue.size() == 1);
}

TEST_CASE("a reply with another number of tokens than keys is an internal error") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1), hash_with(2)}, far_away()}, at(seconds{0}));
  const auto keys = queue.take(2, at(seconds{0}));
  queue.complete(keys, rows_of({keys[0]}), done);
  REQUIRE(done.size() == 1);
  CHECK(done[0].result->error().code == errc::internal);
}

TEST_CASE("expired look-ups are completed, and their keys are dropped from the front unless others wait for them") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1), hash_with(2)}, at(seconds{1})}, at(seconds{0}));
  queue.add(2, {{hash_with(2)}, at(seconds{3})}, at(seconds{0}));
  queue.expire(at(seconds{2}), outage, done);
  REQUIRE(done.size() == 1);
  CHECK(done[0].id == 1);
  CHECK(queue.size() == 1);
  const auto rest = queue.take(8, at(seconds{0}));
  queue.complete(rest, rows_of(rest), done);
  REQUIRE(done.size() == 2);
  CHECK(done[1].id == 2);
  CHECK(first_bytes(done[1]) == std::vector<int>{2});
}

TEST_CASE("refusing what waits leaves the look-ups whose keys are all with a worker") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1)}, far_away()}, at(seconds{0}));
  const auto taken = queue.take(8, at(seconds{0}));
  queue.add(2, {{hash_with(2)}, far_away()}, at(seconds{0}));
  queue.refuse_waiting(outage, done);
  REQUIRE(done.size() == 1);
  CHECK(done[0].id == 2);
  CHECK(queue.empty());
  queue.add(3, {{hash_with(2)}, far_away()}, at(seconds{0})); // a key that waited before is not known any more
  CHECK(queue.size() == 1);
  queue.complete(taken, rows_of(taken), done);
  CHECK(done.size() == 2);
}

TEST_CASE("a key that nobody waits for any more is not looked up") {
  lookup_queue queue;
  std::vector<completion> done;
  queue.add(1, {{hash_with(1), hash_with(2)}, at(seconds{1})}, at(seconds{0}));
  queue.add(2, {{hash_with(2)}, at(seconds{3})}, at(seconds{0}));
  const auto keys = queue.take(8, at(seconds{2}));
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].hash == hash_with(2));
  CHECK(queue.empty());
  queue.expire(at(seconds{2}), outage, done); // completes the look-up of the key that was not taken
  REQUIRE(done.size() == 1);
  CHECK(done[0].id == 1);
}
