#include "catch.hpp"
#include "core/base/time.hpp"

#include <array>
#include <limits>

using namespace cm::core;

namespace {

constexpr auto min_ms = std::numeric_limits<std::int64_t>::min();
constexpr auto max_ms = std::numeric_limits<std::int64_t>::max();

struct pair {
  std::int64_t ms;
  const char* text;
};

// `date -u -d TEXT +%s%3N`
constexpr std::array<pair, 11> moments{{
  {0, "1970-01-01T00:00:00.000Z"},
  {-1, "1969-12-31T23:59:59.999Z"},
  {1, "1970-01-01T00:00:00.001Z"},
  {951782400000, "2000-02-29T00:00:00.000Z"},
  {1709251199999, "2024-02-29T23:59:59.999Z"},
  {1709251200000, "2024-03-01T00:00:00.000Z"},
  {1795357020000, "2026-11-22T14:17:00.000Z"},
  {4107542400000, "2100-03-01T00:00:00.000Z"},
  {4107542399999, "2100-02-28T23:59:59.999Z"},
  {253402300799999, "9999-12-31T23:59:59.999Z"},
  {-62167219200000, "0000-01-01T00:00:00.000Z"},
}};

} // namespace

TEST_CASE("a timestamp is written as ISO 8601 in UTC with milliseconds, and parsed back") {
  for (const auto& m : moments) {
    INFO(m.text);
    CHECK(to_iso8601(from_unix_ms(m.ms)) == m.text);
    const auto read = parse_iso8601(m.text);
    REQUIRE(read.has_value());
    CHECK(to_unix_ms(*read) == m.ms);
  }
}

TEST_CASE("a timestamp outside of four-digit years is clamped") {
  CHECK(to_iso8601(from_unix_ms(253402300800000)) == "9999-12-31T23:59:59.999Z");
  CHECK(to_iso8601(from_unix_ms(max_ms)) == "9999-12-31T23:59:59.999Z");
  CHECK(to_iso8601(from_unix_ms(-62167219200001)) == "0000-01-01T00:00:00.000Z");
  CHECK(to_iso8601(from_unix_ms(min_ms)) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("an invalid date, or a date in another form, is refused") {
  for (const auto* wrong : {"2023-02-29T00:00:00.000Z",
                            "2100-02-29T00:00:00.000Z",
                            "2024-02-30T00:00:00.000Z",
                            "2024-04-31T00:00:00.000Z",
                            "2024-00-10T00:00:00.000Z",
                            "2024-13-10T00:00:00.000Z",
                            "2024-01-00T00:00:00.000Z",
                            "2024-01-32T00:00:00.000Z",
                            "2024-01-01T24:00:00.000Z",
                            "2024-01-01T00:60:00.000Z",
                            "2024-01-01T00:00:60.000Z",
                            "2024-01-01T00:00:00.000",
                            "2024-01-01T00:00:00Z",
                            "2024-01-01 00:00:00.000Z",
                            "2024-01-01t00:00:00.000z",
                            "2024-01-01T00:00:00,000Z",
                            "2024-01-01T00:00:00.00Z",
                            "2024-01-01T00:00:00.0000Z",
                            "2024-01-01T00:00:00.000+0",
                            "-024-01-01T00:00:00.000Z",
                            "2024-1-01T000:00:00.000Z",
                            " 024-01-01T00:00:00.000Z",
                            "2024-01-01T00:00:00.-01Z",
                            "",
                            "now",
                            "2024-01-01T00:00:00.000Z ",
                            "20x4-01-01T00:00:00.000Z"}) {
    INFO(wrong);
    CHECK_FALSE(parse_iso8601(wrong).has_value());
  }
}

TEST_CASE("the current time is between 2024 and 2200, in whole milliseconds") {
  CHECK(now_ms() > *parse_iso8601("2024-01-01T00:00:00.000Z"));
  CHECK(now_ms() < *parse_iso8601("2200-01-01T00:00:00.000Z"));
}

TEST_CASE("a message has expired once its timeout has passed, and never with timeout 0") {
  const auto now = from_unix_ms(1'000'000);
  CHECK_FALSE(is_expired(999'000, 1'000, now)); // in its last millisecond
  CHECK(is_expired(999'000, 999, now));
  CHECK_FALSE(is_expired(999'000, 1'001, now));
  CHECK_FALSE(is_expired(0, 0, now));
  CHECK_FALSE(is_expired(min_ms, 0, from_unix_ms(max_ms)));
  CHECK_FALSE(is_expired(2'000'000, 1, now)); // the sender's clock is ahead
}

TEST_CASE("a message with a negative timeout has always expired") {
  const auto now = from_unix_ms(1'000'000);
  CHECK(is_expired(1'000'000, -1, now));
  CHECK(is_expired(1'000'100, -1, now));
  CHECK(is_expired(max_ms, min_ms, now));
}

TEST_CASE("extreme values do not overflow") {
  const auto now = from_unix_ms(1'000'000);
  CHECK_FALSE(is_expired(max_ms, max_ms, now));
  CHECK_FALSE(is_expired(1'000'000, max_ms, now));
  CHECK_FALSE(is_expired(max_ms, 1, from_unix_ms(max_ms)));
  CHECK_FALSE(is_expired(max_ms - 1, 1, from_unix_ms(max_ms)));
  CHECK(is_expired(max_ms - 2, 1, from_unix_ms(max_ms)));
  CHECK(is_expired(min_ms, 1, now));
  CHECK(is_expired(min_ms, max_ms, now)); // the sum is -1
  CHECK(is_expired(min_ms, min_ms, now));
  CHECK(is_expired(0, min_ms, from_unix_ms(min_ms)));
  CHECK_FALSE(is_expired(0, 1, from_unix_ms(min_ms)));
}
