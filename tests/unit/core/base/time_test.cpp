#include "catch.hpp"
#include "core/base/time.hpp"

#include <array>
#include <limits>

using namespace cm::core;

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

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

TEST_CASE("a moment is shown as ISO 8601 in UTC with milliseconds, and read back") {
  for (const auto& m : moments) {
    INFO(m.text);
    CHECK(to_iso8601(from_unix_ms(m.ms)) == m.text);
    const auto read = parse_iso8601(m.text);
    REQUIRE(read.has_value());
    CHECK(to_unix_ms(*read) == m.ms);
  }
}

TEST_CASE("a moment beyond four-digit years is shown as the nearest that has them") {
  CHECK(to_iso8601(from_unix_ms(253402300800000)) == "9999-12-31T23:59:59.999Z");
  CHECK(to_iso8601(from_unix_ms(most)) == "9999-12-31T23:59:59.999Z");
  CHECK(to_iso8601(from_unix_ms(-62167219200001)) == "0000-01-01T00:00:00.000Z");
  CHECK(to_iso8601(from_unix_ms(least)) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("a date that the calendar does not have, or in another form, is not read") {
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

TEST_CASE("the present is between 2024 and 2200, and goes to whole milliseconds") {
  CHECK(now_ms() > *parse_iso8601("2024-01-01T00:00:00.000Z"));
  CHECK(now_ms() < *parse_iso8601("2200-01-01T00:00:00.000Z"));
}

TEST_CASE("a message has expired once its timeout has passed, and never with timeout 0") {
  const auto now = from_unix_ms(1'000'000);
  CHECK_FALSE(is_expired(999'000, 1'000, now)); // in its last millisecond
  CHECK(is_expired(999'000, 999, now));
  CHECK_FALSE(is_expired(999'000, 1'001, now));
  CHECK_FALSE(is_expired(0, 0, now));
  CHECK_FALSE(is_expired(least, 0, from_unix_ms(most)));
  CHECK_FALSE(is_expired(2'000'000, 1, now)); // the sender's clock is ahead
}

TEST_CASE("a message with a negative timeout has expired whatever the clocks say") {
  const auto now = from_unix_ms(1'000'000);
  CHECK(is_expired(1'000'000, -1, now));
  CHECK(is_expired(1'000'100, -1, now));
  CHECK(is_expired(most, least, now));
}

TEST_CASE("the ends of the number range do not overflow") {
  const auto now = from_unix_ms(1'000'000);
  CHECK_FALSE(is_expired(most, most, now));
  CHECK_FALSE(is_expired(1'000'000, most, now));
  CHECK_FALSE(is_expired(most, 1, from_unix_ms(most)));
  CHECK_FALSE(is_expired(most - 1, 1, from_unix_ms(most)));
  CHECK(is_expired(most - 2, 1, from_unix_ms(most)));
  CHECK(is_expired(least, 1, now));
  CHECK(is_expired(least, most, now)); // the sum is -1
  CHECK(is_expired(least, least, now));
  CHECK(is_expired(0, least, from_unix_ms(least)));
  CHECK_FALSE(is_expired(0, 1, from_unix_ms(least)));
}
