#include "actors/interfaces/events.hpp"
#include "actors/nats/subscription_record.hpp"
#include "catch.hpp"

using cm::actors::subscription_record;
using task = cm::actors::subscription_record::task;

TEST_CASE("a subscription is confirmed only by the server, not by its actor") {
  subscription_record record;
  const auto number = record.spawned() + 1;
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.made(number) == task::confirm);
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.confirmed(number));
  CHECK(record.is_confirmed());
  CHECK_FALSE(record.is_refused());
}

TEST_CASE("the confirmation of an older subscription, or of one of a failed actor, is ignored") {
  subscription_record record;
  const auto first = record.spawned() + 1;
  CHECK(record.made(first) == task::confirm);

  SECTION("its actor has subscribed again") {
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

TEST_CASE("a confirmation is needed again after the end of the subscription, a failure of its actor, or a new one") {
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
  SECTION("is replaced by a new one") {
    CHECK(record.made(number + 1) == task::confirm);
  }
  CHECK_FALSE(record.is_confirmed());
}

TEST_CASE("a subscription that the server does not permit is retried, and a later confirmation of it is ignored") {
  subscription_record record;
  const auto number = record.spawned() + 1;
  SECTION("the refusal arrives before the actor's report") {
    CHECK(record.refused() == 0);
    CHECK(record.is_refused());
    CHECK(record.made(number) == task::retry);
  }
  SECTION("the refusal arrives after the actor's report") {
    CHECK(record.made(number) == task::confirm);
    CHECK(record.refused() == number);
  }
  SECTION("the subscription was confirmed before") {
    CHECK(record.made(number) == task::confirm);
    CHECK(record.confirmed(number));
    CHECK(record.refused() == number);
  }
  CHECK_FALSE(record.confirmed(number));
  CHECK_FALSE(record.is_confirmed());
  CHECK(record.is_refused());

  // It counts as refused until a new subscription is confirmed.
  CHECK(record.made(number + 1) == task::confirm);
  CHECK(record.is_refused());
  CHECK(record.confirmed(number + 1));
  CHECK(record.is_confirmed());
  CHECK_FALSE(record.is_refused());
}

TEST_CASE("a refusal does not apply to the subscription of a restarted actor") {
  subscription_record record;
  static_cast<void>(record.spawned());
  CHECK(record.refused() == 0);
  const auto number = record.spawned() + 1;
  CHECK(record.made(number) == task::confirm);
  CHECK(record.is_refused());
}
