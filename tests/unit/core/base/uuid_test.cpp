#include "catch.hpp"
#include "core/base/uuid.hpp"

#include <set>
#include <unordered_set>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

using clock_time = std::chrono::system_clock::time_point;

unsigned version(const uuid& id) {
  return id.bytes[6] >> 4U;
}

unsigned variant(const uuid& id) {
  return id.bytes[8] >> 6U;
}

std::uint64_t milliseconds_of(const uuid& id) {
  std::uint64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i)
    ms = (ms << 8U) | id.bytes[i];
  return ms;
}

constexpr std::uint64_t some_ms = 1'763'821'020'000;
const clock_time some_time{std::chrono::milliseconds{some_ms}};

} // namespace

TEST_CASE("a version 7 UUID has the version, the variant and the milliseconds of RFC 9562 section 5.7") {
  uuid_v7_generator generator;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto at = some_time + std::chrono::milliseconds{i};
    const auto id = generator.next(at);
    REQUIRE(version(id) == 7);
    REQUIRE(variant(id) == 2);
    REQUIRE(milliseconds_of(id) == some_ms + i);
  }
}

TEST_CASE("version 7 UUIDs of one generator increase strictly, also 100,000 in one millisecond") {
  uuid_v7_generator generator;
  auto last = generator.next(some_time);
  auto last_text = to_string(last);
  for (int i = 1; i < 100'000; ++i) {
    const auto id = generator.next(some_time);
    const auto text = to_string(id);
    if (!(last < id) || !(last_text < text) || version(id) != 7 || variant(id) != 2)
      FAIL(last_text << " then " << text);
    last = id;
    last_text = text;
  }
  // 4,096 per millisecond: the others use the next milliseconds, and no more of them than needed.
  CHECK(milliseconds_of(last) >= some_ms + 100'000 / 4096);
  CHECK(milliseconds_of(last) <= some_ms + 100'000 / 4096 + 1);
}

TEST_CASE("version 7 UUIDs increase strictly when the clock steps back, and follow it when it is ahead again") {
  uuid_v7_generator generator;
  auto last = generator.next(some_time);
  for (const auto step : {-1ms, -3'600'000ms, 0ms, -5ms, 1ms, 10ms}) {
    const auto id = generator.next(some_time + step);
    INFO(step.count());
    CHECK(last < id);
    last = id;
  }
  CHECK(milliseconds_of(last) == some_ms + 10);
  CHECK(last < generator.next(some_time + 1h));
}

TEST_CASE("version 7 UUIDs also increase for times before 1970") {
  uuid_v7_generator generator;
  const auto first = generator.next(clock_time{-5s});
  const auto second = generator.next(clock_time{-4s});
  CHECK(version(first) == 7);
  CHECK(first < second);
  CHECK(second < generator.next(some_time));
}

TEST_CASE("two generators create different UUIDs at the same time") {
  uuid_v7_generator first;
  uuid_v7_generator second;
  std::set<uuid> all;
  for (int i = 0; i < 1000; ++i) {
    all.insert(first.next(some_time));
    all.insert(second.next(some_time));
  }
  CHECK(all.size() == 2000);
}

TEST_CASE("a random UUID has version 4 and the variant, and does not repeat") {
  std::unordered_set<uuid> all;
  for (int i = 0; i < 1000; ++i) {
    const auto id = random_uuid();
    REQUIRE(version(id) == 4);
    REQUIRE(variant(id) == 2);
    all.insert(id);
  }
  CHECK(all.size() == 1000);
}

TEST_CASE("a UUID is written in lower case with dashes, and parsed back") {
  uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(0x11U * i);
  CHECK(to_string(id) == "00112233-4455-6677-8899-aabbccddeeff");
  CHECK(parse_uuid("00112233-4455-6677-8899-aabbccddeeff") == id);
  CHECK(parse_uuid("00112233-4455-6677-8899-AABBCCDDEEFF") == id);
  for (int i = 0; i < 1000; ++i) {
    const auto generated = random_uuid();
    REQUIRE(parse_uuid(to_string(generated)) == generated);
  }
}

TEST_CASE("anything but a UUID of 36 characters is refused") {
  for (const auto* wrong :
       {"", "00112233", "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
        "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeefff",
        "00112233-4455-6677-8899-aabbccddeefg", "g0112233-4455-6677-8899-aabbccddeeff",
        "00112233_4455-6677-8899-aabbccddeeff", "001122334-455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899aaabbccddeeff", "00112233-4455-6677-8899-aabbccddee f",
        "-0112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899--abbccddeeff"}) {
    INFO(wrong);
    CHECK_FALSE(parse_uuid(wrong).has_value());
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(parse_uuid("00112233-4455-6677-8899-aabbccddee\0f"sv).has_value());
  // Every character is checked.
  const std::string good = "00112233-4455-6677-8899-aabbccddeeff";
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = 'x';
    INFO(bad);
    CHECK_FALSE(parse_uuid(bad).has_value());
  }
}
