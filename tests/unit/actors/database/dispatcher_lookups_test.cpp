#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

TEST_CASE("waiting look-ups are dispatched in one batch, and each gets its tokens in its own order") {
  connected_dispatcher dispatcher{pool_of(2)};
  const std::vector<core::token_hash> first{key(3), key(1), key(2)};
  const std::vector<core::token_hash> second{key(1002), key(7)};
  const auto a = dispatcher.add({first, far_away()});
  const auto b = dispatcher.add({second, far_away()});
  CHECK(dispatcher.waiting_keys() == 5);

  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  REQUIRE(lookup_in(*work[0].payload) != nullptr);
  CHECK(lookup_in(*work[0].payload)->hashes
        == std::vector<core::token_hash>{key(3), key(1), key(2), key(1002), key(7)});

  const auto done = finish(dispatcher, work[0]);
  REQUIRE(tickets(done) == std::vector<ticket>{*a, *b});
  for (const auto& completion : done)
    CHECK(found(completion.result, completion.id == *a ? first : second));
  CHECK(dispatcher.idle());
}

TEST_CASE("a batch has at most 64 keys, and the others wait for the next one") {
  connected_dispatcher dispatcher{pool_of(2)}; // one of the two workers is for look-ups
  std::vector<ticket> requested;
  for (std::size_t i = 0; i < 20; ++i)
    requested.push_back(*dispatcher.add({keys(10 * i, 10), far_away()}));

  std::vector<std::size_t> sizes;
  std::vector<ticket> answered;
  for (auto work = take_all(dispatcher); !work.empty(); work = take_all(dispatcher)) {
    REQUIRE(work.size() == 1);
    sizes.push_back(lookup_in(*work[0].payload)->hashes.size());
    for (const auto& completion : finish(dispatcher, work[0])) {
      answered.push_back(completion.id);
      CHECK(found(completion.result, keys(10 * (completion.id - requested.front()), 10)));
    }
  }
  CHECK(sizes == std::vector<std::size_t>{64, 64, 64, 8});
  CHECK(answered == requested);
}

TEST_CASE("look-ups of a key that waits already share one database look-up") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto a = dispatcher.add({{key(1), key(2), key(1)}, at(seconds{1})});
  const auto b = dispatcher.add({{key(2)}, at(seconds{3})});
  CHECK(dispatcher.waiting_keys() == 2);

  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  CHECK(lookup_in(*work[0].payload)->hashes == std::vector<core::token_hash>{key(1), key(2)});
  CHECK(work[0].payload->deadline == at(seconds{3})); // the latest of the waiters

  const auto done = finish(dispatcher, work[0]);
  REQUIRE(tickets(done) == std::vector<ticket>{*a, *b});
  for (const auto& completion : done)
    CHECK(found(completion.result, completion.id == *a ? std::vector{key(1), key(2), key(1)} : std::vector{key(2)}));
}

TEST_CASE("a look-up does not join a database look-up under way, whose result may be older than the request") {
  connected_dispatcher dispatcher{pool_of(8)};
  const auto a = dispatcher.add({{key(1)}, far_away()});
  const auto first = take_all(dispatcher);
  const auto b = dispatcher.add({{key(1)}, far_away()});
  const auto second = take_all(dispatcher);
  REQUIRE(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(tickets(finish(dispatcher, second[0])) == std::vector<ticket>{*b});
  CHECK(tickets(finish(dispatcher, first[0])) == std::vector<ticket>{*a});
}

TEST_CASE("a look-up larger than a batch completes once, when its last part has returned") {
  connected_dispatcher dispatcher{pool_of(8)};
  const auto requested = keys(0, 3 * 64);
  const auto id = dispatcher.add({requested, far_away()});
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 3);
  CHECK(finish(dispatcher, work[2]).empty());
  CHECK(finish(dispatcher, work[0]).empty());
  const auto done = finish(dispatcher, work[1]);
  REQUIRE(tickets(done) == std::vector<ticket>{*id});
  CHECK(found(done[0].result, requested));
}

TEST_CASE("two look-up jobs start with batches of any size, two more only with full batches") {
  connected_dispatcher dispatcher{pool_of(8)};
  std::vector<std::size_t> sizes;
  const auto ask = [&](std::size_t first, std::size_t count, milliseconds when = milliseconds{0}) {
    REQUIRE(dispatcher.add({keys(first, count), far_away()}).has_value());
    for (const auto& work : take_all(dispatcher, at(when)))
      sizes.push_back(lookup_in(*work.payload)->hashes.size());
  };
  ask(0, 1);
  ask(100, 2);
  CHECK(sizes == std::vector<std::size_t>{1, 2});
  ask(200, 63);
  CHECK(sizes.size() == 2);
  ask(300, 70);
  CHECK(sizes == std::vector<std::size_t>{1, 2, 64, 64});
  CHECK(dispatcher.waiting_keys() == 5);
  ask(400, 64);
  CHECK(sizes.size() == 4);
}

TEST_CASE("slow look-up jobs do not delay others, as long as look-ups have a share of the pool left") {
  connected_dispatcher dispatcher{pool_of(8)}; // four of the workers are for look-ups
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(dispatcher.add({{key(i)}, far_away()}).has_value());
    REQUIRE(take_all(dispatcher, at(milliseconds{0})).size() == 1);
  }
  REQUIRE(dispatcher.add({{key(7)}, far_away()}).has_value());
  CHECK(take_all(dispatcher, at(milliseconds{49})).empty());
  CHECK(take_all(dispatcher, at(milliseconds{50})).size() == 1);
  REQUIRE(dispatcher.add({{key(8)}, far_away()}).has_value());
  CHECK(take_all(dispatcher, at(milliseconds{51})).size() == 1);
  REQUIRE(dispatcher.add({{key(9)}, far_away()}).has_value());
  CHECK(take_all(dispatcher, at(milliseconds{500})).empty()); // half of the pool is for other work
}

TEST_CASE("a failed part fails its look-up once, and no other look-up") {
  connected_dispatcher dispatcher{pool_of(8)};
  const auto large = dispatcher.add({keys(0, 100), far_away()}); // 64 and 36
  const auto small = dispatcher.add({keys(200, 5), far_away()}); // in a batch with the 36
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 2);

  const auto failed = dispatcher.finished(work[0].job, failure(errc::unavailable));
  REQUIRE(tickets(failed) == std::vector<ticket>{*large});
  CHECK(code_of(failed[0].result) == errc::unavailable);

  const auto done = finish(dispatcher, work[1]);
  REQUIRE(tickets(done) == std::vector<ticket>{*small});
  CHECK(found(done[0].result, keys(200, 5)));
}

TEST_CASE("a look-up with a mismatched reply fails as internal") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto id = dispatcher.add({keys(0, 2), far_away()});
  const auto work = take_all(dispatcher);
  const auto wrong = GENERATE(as<std::string>{}, "another kind", "too few tokens");
  const storage::command other =
    wrong == "another kind" ? storage::command{storage::ping{}} : storage::command{storage::find_tokens{keys(0, 1)}};
  const auto done = dispatcher.finished(work.at(0).job, answer_to(other));
  REQUIRE(tickets(done) == std::vector<ticket>{*id});
  CHECK(code_of(done[0].result) == errc::internal);
}

TEST_CASE("a look-up whose keys exceed the free capacity is refused as overloaded, and none of its keys is queued") {
  auto settings = pool_of(2);
  settings.lookup_queue = 10;
  test_dispatcher dispatcher{settings}; // no worker is connected
  REQUIRE(dispatcher.add({keys(0, 8), far_away()}).has_value());
  const auto refused = dispatcher.add({keys(20, 3), far_away()});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::overloaded);
  CHECK(dispatcher.waiting_keys() == 8);
  CHECK(dispatcher.add({keys(20, 2), far_away()}).has_value());
  CHECK(dispatcher.waiting_keys() == 10);
}

TEST_CASE("a look-up expires as unavailable, waiting or under way, and a late result is ignored") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto running = dispatcher.add({{key(1), key(2)}, at(milliseconds{100})});
  const auto patient = dispatcher.add({{key(2)}, at(milliseconds{500})});
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);
  const auto waiting = dispatcher.add({{key(3)}, at(milliseconds{100})});

  CHECK(dispatcher.expire(at(milliseconds{99})).empty());
  const auto late = dispatcher.expire(at(milliseconds{100}));
  REQUIRE(tickets(late) == std::vector<ticket>{*running, *waiting});
  CHECK(code_of(late[0].result) == errc::unavailable);
  CHECK(code_of(late[1].result) == errc::unavailable);
  CHECK(dispatcher.waiting_keys() == 0); // the key has no waiter any more
  CHECK(dispatcher.expire(at(milliseconds{101})).empty());

  const auto done = finish(dispatcher, work[0]);
  REQUIRE(tickets(done) == std::vector<ticket>{*patient});
  CHECK(found(done[0].result, {key(2)}));
  CHECK(dispatcher.idle());
}

TEST_CASE("while the database is down waiting look-ups are refused, also those with a part under way") {
  connected_dispatcher dispatcher{pool_of(2)};
  const auto under_way = dispatcher.add({keys(0, 10), far_away()});
  const auto large = dispatcher.add({keys(100, 100), far_away()}); // 54 are dispatched with the 10
  const auto work = take_all(dispatcher);
  REQUIRE(work.size() == 1);

  const auto refused = dispatcher.refuse_waiting("it is down");
  REQUIRE(tickets(refused) == std::vector<ticket>{*large});
  CHECK(code_of(refused[0].result) == errc::unavailable);
  CHECK(refused[0].result->error().detail == "it is down");
  CHECK(dispatcher.waiting_keys() == 0);

  const auto again = dispatcher.add({{key(150)}, far_away()}); // the key was removed from the index too
  CHECK(dispatcher.waiting_keys() == 1);
  CHECK(tickets(finish(dispatcher, work[0])) == std::vector<ticket>{*under_way});
  const auto next = take_all(dispatcher);
  REQUIRE(next.size() == 1);
  CHECK(tickets(finish(dispatcher, next[0])) == std::vector<ticket>{*again});
}
