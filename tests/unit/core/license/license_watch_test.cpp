#include "catch.hpp"
#include "core/license/license_watch.hpp"

#include <vector>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

const timestamp issued = *parse_iso8601("2026-01-01T00:00:00.000Z");
const timestamp end = issued + 24h * 365;
constexpr auto day = 24h;

license made_license(std::uint8_t number = 1, timestamp not_after = end) {
  license l;
  l.subject = "CN=number " + std::to_string(number);
  l.not_before = issued - day;
  l.not_after = not_after;
  l.file_digest.fill(number);
  return l;
}

file_stamp stamp(std::int64_t modified = 1) {
  return {1, 1, 1000, modified};
}

license_settings settings_with(std::chrono::milliseconds grace) {
  license_settings s;
  s.check_interval = 1h;
  s.grace_period = grace;
  return s;
}

license_watch watch(std::chrono::milliseconds grace = 0ms) {
  return {made_license(), stamp(), settings_with(grace), issued};
}

license_result bad(license_failure failure, std::optional<license> found = std::nullopt) {
  return license_error{failure, "license file 'x.p12' is bad", std::move(found)};
}

/// The times of warnings if take_warning() is called every `step`.
std::vector<timestamp> warnings(license_watch& w, timestamp from, timestamp to, std::chrono::milliseconds step) {
  std::vector<timestamp> times;
  for (auto at = from; at <= to; at += step) {
    if (w.take_warning(at))
      times.push_back(at);
  }
  return times;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a license is valid up to and including its notAfter, and invalid after it without a grace period") {
  const auto w = watch();
  CHECK(w.state(issued) == license_state::valid);
  CHECK(w.state(end) == license_state::valid);
  CHECK(w.writes_allowed(end));
  CHECK(w.state(end + 1ms) == license_state::invalid);
  CHECK_FALSE(w.writes_allowed(end + 1ms));
}

TEST_CASE("an expired license allows writes within the grace period, but not after it") {
  const auto w = watch(day * 10);
  CHECK(w.state(end) == license_state::valid);
  CHECK(w.state(end + 1ms) == license_state::grace);
  CHECK(w.state(end + day * 10) == license_state::grace);
  CHECK(w.writes_allowed(end + day * 10));
  CHECK(w.state(end + day * 10 + 1ms) == license_state::invalid);
  CHECK_FALSE(w.writes_allowed(end + day * 10 + 1ms));
}

TEST_CASE("the file is checked every interval, and immediately when it changes") {
  auto w = watch();
  CHECK_FALSE(w.check_due(stamp(), issued));
  CHECK_FALSE(w.check_due(stamp(), issued + 1h - 1ms));
  CHECK(w.check_due(stamp(), issued + 1h));
  CHECK(w.check_due(stamp(2), issued + 1s));
  CHECK(w.check_due(std::nullopt, issued + 1s));
  auto moved = stamp();
  moved.inode = 2;
  CHECK(w.check_due(moved, issued + 1s));
  moved = stamp();
  moved.size = 999;
  CHECK(w.check_due(moved, issued + 1s));

  CHECK(w.checked(made_license(), stamp(2), issued + 1h) == license_change::none);
  CHECK_FALSE(w.check_due(stamp(2), issued + 1h + 1s));
  CHECK(w.check_due(stamp(), issued + 1h + 1s));
  CHECK(w.check_due(stamp(2), issued + 2h));
}

TEST_CASE("a clock that stepped back does not delay the next check") {
  CHECK(watch().check_due(stamp(), issued - 1s));
}

TEST_CASE("a file without a stamp is checked once, then every minute") {
  auto w = watch();
  REQUIRE(w.check_due(std::nullopt, issued + 1s));
  CHECK(w.checked(bad(license_failure::unreadable), std::nullopt, issued + 1s) == license_change::invalidated);
  CHECK_FALSE(w.check_due(std::nullopt, issued + 2s));
  CHECK(w.check_due(std::nullopt, issued + 61s));
  CHECK(w.check_due(stamp(), issued + 2s));
}

TEST_CASE("a new valid file takes effect") {
  auto w = watch();
  const auto later = made_license(2, end + day * 365);
  CHECK(w.checked(later, stamp(2), issued + 1h) == license_change::taken_over);
  CHECK(w.current() == later);
  CHECK(w.state(end + 1ms) == license_state::valid);
  CHECK(w.time_left(end) == day * 365);
}

TEST_CASE("a new valid file also takes effect after notAfter") {
  auto w = watch();
  REQUIRE_FALSE(w.writes_allowed(end + day));
  REQUIRE(w.take_warning(end + day));
  CHECK(w.checked(made_license(2, end + day * 365), stamp(2), end + day) == license_change::taken_over);
  CHECK(w.writes_allowed(end + day));
  CHECK_FALSE(w.take_warning(end + day));
}

TEST_CASE("writes are refused after the file becomes invalid, and the health text has the reason") {
  for (std::size_t i = 0; i < license_failure_count; ++i) {
    const auto failure = static_cast<license_failure>(i);
    INFO(to_string(failure));
    auto w = watch(day * 10);
    CHECK(w.checked(bad(failure), stamp(2), issued + 1h) == license_change::invalidated);
    CHECK(w.state(issued + 1h) == license_state::invalid);
    CHECK_FALSE(w.writes_allowed(issued + 1h));
    CHECK(contains(w.health_text(issued + 1h), "became invalid (license file 'x.p12' is bad)"));
    CHECK(w.current() == made_license());
    CHECK(w.checked(bad(failure), stamp(2), issued + 2h) == license_change::none);
  }
}

TEST_CASE("writes are allowed again after the file becomes valid") {
  auto w = watch();
  (void)w.checked(bad(license_failure::unreadable), std::nullopt, issued + 1h);
  CHECK(w.checked(bad(license_failure::malformed), stamp(2), issued + 2h) == license_change::invalidated);
  CHECK(w.checked(made_license(), stamp(3), issued + 3h) == license_change::recovered);
  CHECK(w.writes_allowed(issued + 3h));
  CHECK(w.state(issued + 3h) == license_state::valid);
}

TEST_CASE("the expiry of the license in force does not make its file invalid: the grace period applies") {
  auto w = watch(day * 10);
  const auto expired = bad(license_failure::expired, made_license());
  CHECK(w.checked(expired, stamp(), end + 1h) == license_change::none);
  CHECK(w.state(end + 1h) == license_state::grace);
  SECTION("also after the file was invalid for a time") {
    CHECK(w.checked(bad(license_failure::unreadable), std::nullopt, end + 2h) == license_change::invalidated);
    CHECK(w.state(end + 2h) == license_state::invalid);
    CHECK(w.checked(expired, stamp(), end + 3h) == license_change::recovered);
    CHECK(w.state(end + 3h) == license_state::grace);
  }
  SECTION("but another expired file is invalid") {
    CHECK(w.checked(bad(license_failure::expired, made_license(2)), stamp(2), end + 2h) == license_change::invalidated);
    CHECK(w.state(end + 2h) == license_state::invalid);
  }
  SECTION("and so is the same file if it is no longer trusted") {
    CHECK(w.checked(bad(license_failure::untrusted, made_license()), stamp(), end + 2h) == license_change::invalidated);
    CHECK(w.state(end + 2h) == license_state::invalid);
  }
}

TEST_CASE("warnings are due daily from 30 days before notAfter, hourly after it, and not before") {
  auto w = watch(day * 2);
  CHECK(warnings(w, issued, end - day * 30 - 1min, 1h).empty());

  const auto daily = warnings(w, end - day * 30, end, 1min);
  REQUIRE(daily.size() == 31);
  for (std::size_t i = 0; i < daily.size(); ++i)
    CHECK(daily[i] == end - day * 30 + day * static_cast<int>(i));

  const auto hourly = warnings(w, end + 1min, end + day * 3, 1min);
  REQUIRE(hourly.size() == 72);
  for (std::size_t i = 0; i < hourly.size(); ++i)
    CHECK(hourly[i] == end + 1min + 1h * static_cast<int>(i));
}

TEST_CASE("a warning is due immediately when the license expires or the file becomes invalid, then hourly") {
  auto w = watch();
  const auto noon = end - 12h;
  REQUIRE(w.take_warning(noon));
  CHECK_FALSE(w.take_warning(noon + 11h));
  CHECK(w.take_warning(end + 1ms));

  auto other = watch();
  CHECK_FALSE(other.take_warning(issued + 1h));
  (void)other.checked(bad(license_failure::malformed), stamp(2), issued + 1h);
  const auto text = other.take_warning(issued + 1h);
  REQUIRE(text.has_value());
  CHECK(contains(*text, "became invalid"));
  CHECK_FALSE(other.take_warning(issued + 1h + 59min));
  CHECK(other.take_warning(issued + 2h));
  (void)other.checked(made_license(), stamp(3), issued + 3h);
  CHECK_FALSE(other.take_warning(issued + 4h));
}

TEST_CASE("a license with less than 30 days left causes warnings from the start") {
  license_watch w{made_license(1, issued + day * 5), stamp(), settings_with(0ms), issued};
  CHECK(w.take_warning(issued));
  CHECK_FALSE(w.take_warning(issued + 1h));
}

TEST_CASE("a clock that stepped back does not silence warnings") {
  auto w = watch();
  REQUIRE(w.take_warning(end - day));
  CHECK(w.take_warning(end - day * 20));
}

TEST_CASE("warnings and health text contain the subject, the dates and the consequence") {
  auto w = watch(day * 10);
  CHECK(w.health_text(issued) == "valid until 2027-01-01T00:00:00.000Z");
  CHECK(w.health_text(end + 1h)
        == "expired on 2027-01-01T00:00:00.000Z, in its grace period until 2027-01-11T00:00:00.000Z");
  CHECK(
    w.health_text(end + day * 11)
    == "expired on 2027-01-01T00:00:00.000Z, its grace period is over: REST writes are refused, validation continues");
  CHECK(watch().health_text(end + 1h)
        == "expired on 2027-01-01T00:00:00.000Z: REST writes are refused, validation continues");
  CHECK(*w.take_warning(end - day * 3 + 1h)
        == "license of 'CN=number 1': valid until 2027-01-01T00:00:00.000Z, in 2 days; "
           "a new file is taken over without a restart");
  CHECK(contains(*w.take_warning(end - 26h + day), "within a day"));
}

TEST_CASE("the time left is negative after notAfter") {
  const auto w = watch();
  CHECK(w.time_left(end - 90s) == 90s);
  CHECK(w.time_left(end) == 0s);
  CHECK(w.time_left(end + 90s) == -90s);
}

TEST_CASE("license states have names") {
  CHECK(to_string(license_state::valid) == "valid");
  CHECK(to_string(license_state::grace) == "grace");
  CHECK(to_string(license_state::invalid) == "invalid");
}
