#include "catch.hpp"
#include "core/memory/use_recorder.hpp"

#include <stdexcept>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

uuid numbered_id(std::uint8_t n) {
  uuid result;
  result.bytes[15] = n;
  return result;
}

const timestamp first_use = from_unix_ms(1'790'000'000'000);

} // namespace

TEST_CASE("a use is written at most once a minute for each credential") {
  use_recorder recorder;
  CHECK(recorder.due(numbered_id(1), first_use));
  CHECK_FALSE(recorder.due(numbered_id(1), first_use));
  CHECK(recorder.due(numbered_id(2), first_use + 1s));
  CHECK_FALSE(recorder.due(numbered_id(1), first_use + 59'999ms));
  CHECK(recorder.due(numbered_id(1), first_use + 60s));
  CHECK_FALSE(recorder.due(numbered_id(1), first_use + 61s));
  CHECK(recorder.due(numbered_id(2), first_use + 61s));
}

TEST_CASE("after the clock went back, a use is due") {
  use_recorder recorder;
  CHECK(recorder.due(numbered_id(1), first_use));
  CHECK(recorder.due(numbered_id(1), first_use - 1ms));
  CHECK_FALSE(recorder.due(numbered_id(1), first_use));
}

TEST_CASE("a use that could not be written is due again") {
  use_recorder recorder;
  CHECK(recorder.due(numbered_id(1), first_use));
  recorder.not_written(numbered_id(1));
  recorder.not_written(numbered_id(9));
  CHECK(recorder.due(numbered_id(1), first_use));
}

TEST_CASE("a recorder keeps a bounded number of credentials and evicts the least recently written one") {
  use_recorder recorder{{.max_credentials = 2}};
  CHECK(recorder.due(numbered_id(1), first_use));
  CHECK(recorder.due(numbered_id(2), first_use + 1s));
  CHECK(recorder.due(numbered_id(1), first_use + 60s));
  CHECK(recorder.due(numbered_id(3), first_use + 60s)); // in the place of 2
  CHECK(recorder.size() == 2);
  CHECK_FALSE(recorder.due(numbered_id(1), first_use + 60s));
  CHECK(recorder.due(numbered_id(2), first_use + 60s)); // in the place of 1
  CHECK_FALSE(recorder.due(numbered_id(3), first_use + 60s));
  CHECK(recorder.size() == 2);
  CHECK_THROWS_AS(use_recorder({.max_credentials = 0}), std::invalid_argument);
}
