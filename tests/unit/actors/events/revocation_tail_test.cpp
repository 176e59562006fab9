#include "actors/events/received_events.hpp"
#include "actors/events/revocation_tail.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using numbers = std::vector<std::uint64_t>;

namespace {

constexpr seconds patience{35};

// Reads the visible rows as the follower does; returns the new ones.
numbers read(revocation_tail& tail, const numbers& visible, core::steady_time now) {
  numbers found;
  for (const auto number : visible) {
    if (number > tail.after())
      found.push_back(number);
  }
  auto fresh = tail.unknown(found);
  CHECK(tail.take(fresh, now));
  return fresh;
}

core::revocation revocation_of(std::initializer_list<std::size_t> ids, std::int64_t at_ms) {
  core::revocation out;
  for (const auto id : ids)
    out.ids.push_back(id_of(id));
  out.at = core::from_unix_ms(at_ms);
  return out;
}

} // namespace

TEST_CASE("each row of the tail is new once, and known rows are not read again") {
  revocation_tail tail{patience};
  CHECK_FALSE(tail.started());
  tail.start(10);
  CHECK(read(tail, {9, 10, 11, 12}, at(seconds{0})) == numbers{11, 12});
  CHECK(tail.after() == 12);
  CHECK(read(tail, {9, 10, 11, 12}, at(seconds{1})).empty());
  CHECK(read(tail, {9, 10, 11, 12, 13}, at(seconds{2})) == numbers{13});
}

TEST_CASE("a row that is committed later with a lower number is found as well") {
  revocation_tail tail{patience};
  tail.start(10);
  CHECK(read(tail, {12, 14}, at(seconds{0})) == numbers{12, 14});
  CHECK(tail.after() == 10);
  CHECK(read(tail, {12, 13, 14, 15}, at(seconds{5})) == numbers{13, 15});
  CHECK(read(tail, {11, 12, 13, 14, 15}, at(seconds{20})) == numbers{11});
  CHECK(tail.after() == 15);
}

TEST_CASE("a missing number is given up when no transaction can hold it any more") {
  revocation_tail tail{patience};
  tail.start(10);
  CHECK(read(tail, {12}, at(seconds{0})) == numbers{12});
  CHECK(read(tail, {12, 14}, at(seconds{30})) == numbers{14});
  CHECK(tail.after() == 10);
  CHECK(read(tail, {12, 14, 15}, at(seconds{36})) == numbers{15});
  CHECK(tail.after() == 12);
  CHECK(read(tail, {12, 14, 15}, at(seconds{66})).empty());
  CHECK(tail.after() == 15);
}

TEST_CASE("a missing number is given up when too many rows follow it, and take() returns false") {
  revocation_tail tail{patience, 3};
  tail.start(0);
  CHECK(tail.take(numbers{2, 3, 4}, at(seconds{0})));
  CHECK_FALSE(tail.take(numbers{5}, at(seconds{0})));
  CHECK(tail.after() == 5);
  CHECK(tail.take(numbers{6}, at(seconds{0})));
  CHECK(tail.after() == 6);
}

TEST_CASE("a revocation was received when events with its time have named each of its credentials") {
  received_events received;
  const auto both = revocation_of({1, 2}, 1'000);
  CHECK_FALSE(received.contains(both));
  received.add(id_of(1), core::from_unix_ms(1'000));
  CHECK_FALSE(received.contains(both));
  CHECK(received.contains(revocation_of({1}, 1'000)));
  CHECK_FALSE(received.contains(revocation_of({1}, 1'001)));
  received.add(id_of(2), core::from_unix_ms(1'000));
  CHECK(received.contains(both));
  received.start_generation();
  CHECK(received.contains(both));
  received.start_generation();
  CHECK_FALSE(received.contains(both));
}

TEST_CASE("the received events are limited to two generations") {
  received_events received;
  for (std::size_t i = 0; i < 3 * received_events::max_generation; ++i)
    received.add(id_of(i % 65'536), core::from_unix_ms(static_cast<std::int64_t>(i)));
  const auto last = 3 * received_events::max_generation - 1;
  CHECK(received.contains(revocation_of({last % 65'536}, static_cast<std::int64_t>(last))));
  CHECK_FALSE(received.contains(revocation_of({0}, 0)));
}
