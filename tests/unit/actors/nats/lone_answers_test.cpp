#include "actors/nats/lone_answers.hpp"
#include "catch.hpp"

using cm::actors::lone_answers;

namespace {

unsigned singles_until_alone(lone_answers& answers) {
  unsigned refused = 0;
  while (!answers.is_alone(1) && refused < 1'000)
    ++refused;
  return refused;
}

} // namespace

TEST_CASE("an answer is alone as long as only single ones were sent before it") {
  lone_answers answers;
  for (int i = 0; i < 100; ++i)
    CHECK(answers.is_alone(1));
}

TEST_CASE("a batch of several answers is not alone, nor are the next few single ones") {
  lone_answers answers;
  CHECK_FALSE(answers.is_alone(2));
  CHECK(singles_until_alone(answers) == lone_answers::memory);
  CHECK(answers.is_alone(1));
}

TEST_CASE("company among the next few begins the count anew") {
  lone_answers answers;
  CHECK_FALSE(answers.is_alone(64));
  CHECK_FALSE(answers.is_alone(1));
  CHECK_FALSE(answers.is_alone(64));
  CHECK(singles_until_alone(answers) == lone_answers::memory);
}

TEST_CASE("one who met another that flushed is not alone, nor are the next few") {
  lone_answers answers;
  CHECK(answers.is_alone(1));
  answers.met_others();
  CHECK(singles_until_alone(answers) == lone_answers::memory);
}
