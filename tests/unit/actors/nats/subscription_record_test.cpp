#include "actors/interfaces/events.hpp"
#include "actors/nats/subscription_record.hpp"
#include "catch.hpp"

using cm::actors::subscription_record;
using task = cm::actors::subscription_record::task;

TEST_CASE("a subscription counts when the server has confirmed it, and not before") {
  subscription_record record;
  const auto number = record.spawned() + 1;
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.made(number) == task::confirm);
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.confirmed(number));
  CHECK(record.is_confirmed());
  CHECK_FALSE(record.is_refused());
}

TEST_CASE("the confirmation of an older subscription, or of an older actor's, does not count") {
  subscription_record record;
  const auto first = record.spawned() + 1;
  CHECK(record.made(first) == task::confirm);

  SECTION("another one was made") {
    CHECK(record.made(first + 1) == task::confirm);
    CHECK_FALSE(record.confirmed(first));
    CHECK(record.confirmed(first + 1));
    CHECK(record.is_confirmed());
  }
  SECTION("it ended") {
    record.ended(first);
    CHECK_FALSE(record.confirmed(first));
    CHECK_FALSE(record.is_confirmed());
  }
  SECTION("its actor failed") {
    const auto other = record.spawned() + 1;
    CHECK(other != first);
    CHECK_FALSE(record.confirmed(first));
    CHECK(record.made(first) == task::none);
    CHECK(record.made(other) == task::confirm);
    record.ended(first);
    CHECK(record.confirmed(other));
    CHECK(record.is_confirmed());
  }
}

TEST_CASE("a confirmed one that ends, fails or is made anew has to be confirmed again") {
  subscription_record record;
  const auto number = record.spawned() + 1;
  CHECK(record.made(number) == task::confirm);
  REQUIRE(record.confirmed(number));
  SECTION("ends") {
    record.ended(number);
  }
  SECTION("fails") {
    static_cast<void>(record.spawned());
  }
  SECTION("is made anew") {
    CHECK(record.made(number + 1) == task::confirm);
  }
  CHECK_FALSE(record.is_confirmed());
}

TEST_CASE("one that the server does not permit is made again, and a confirmation that comes behind does not count") {
  subscription_record record;
  const auto number = record.spawned() + 1;
  SECTION("the refusal comes first") {
    CHECK(record.refused() == 0);
    CHECK(record.is_refused());
    CHECK(record.made(number) == task::retry);
  }
  SECTION("the subscription comes first") {
    CHECK(record.made(number) == task::confirm);
    CHECK(record.refused() == number);
  }
  SECTION("it was there for long") {
    CHECK(record.made(number) == task::confirm);
    CHECK(record.confirmed(number));
    CHECK(record.refused() == number);
  }
  CHECK_FALSE(record.confirmed(number));
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.is_refused());

  // Refused until another one is confirmed.
  CHECK(record.made(number + 1) == task::confirm);
  CHECK(record.is_refused());
  CHECK(record.confirmed(number + 1));
  CHECK(record.is_confirmed());
  CHECK_FALSE(record.is_refused());
}

TEST_CASE("a refusal that its actor did not live to hear of is not held against the next one") {
  subscription_record record;
  static_cast<void>(record.spawned());
  CHECK(record.refused() == 0);
  const auto number = record.spawned() + 1;
  CHECK(record.made(number) == task::confirm);
  CHECK(record.is_refused());
}
