#include "actors/nats/admission.hpp"
#include "catch.hpp"

using cm::actors::admission;

TEST_CASE("the house takes as many as its limit; those beyond it are told so and counted until they leave") {
  admission door{3};
  CHECK(door.enter());
  CHECK(door.enter());
  CHECK(door.enter());
  CHECK_FALSE(door.enter());
  CHECK(door.inside() == 4);
  door.leave(); // the one that was refused
  CHECK_FALSE(door.enter());
  door.leave();
  door.leave();
  CHECK(door.inside() == 2);
  CHECK(door.enter());
}

TEST_CASE("a house with a limit of 0 takes nobody") {
  admission door{0};
  CHECK_FALSE(door.enter());
  door.leave();
  CHECK(door.inside() == 0);
}
