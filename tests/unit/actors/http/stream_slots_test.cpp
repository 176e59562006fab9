#include "actors/http/stream_slots.hpp"
#include "catch.hpp"

using cm::actors::stream_slots;

TEST_CASE("so many streams run at once as there are slots; a refused one is counted") {
  const auto slots = std::make_shared<stream_slots>(2);
  auto first = slots->take();
  auto second = slots->take();
  CHECK(first != nullptr);
  CHECK(second != nullptr);
  CHECK(slots->take() == nullptr);
  CHECK(slots->refused() == 1);
  CHECK(slots->running() == 2);
  const auto copy = first;
  first = nullptr;
  CHECK(slots->take() == nullptr);
  second = nullptr;
  CHECK(slots->running() == 1);
  CHECK(slots->take() != nullptr);
  CHECK(slots->running() == 1);
}
