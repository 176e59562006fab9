#include "actors/nats/nats_log_lines.hpp"
#include "catch.hpp"

#include <string>

using cm::actors::nats_error_lines;
using cm::actors::nats_outage_lines;

namespace {

std::string refused(const std::string& subject) {
  return "Not Permitted: Permissions Violation for Publish to \"" + subject + "\"";
}

} // namespace

TEST_CASE("a loss of NATS and its end are logged") {
  nats_outage_lines lines;
  CHECK(lines.available());
  for (int i = 0; i < 3; ++i) {
    CHECK(lines.lost("the connection is lost"));
    CHECK(lines.available());
    CHECK_FALSE(lines.lasted());
  }
}

TEST_CASE("losses that repeat themselves are logged the first, second, fourth time, each with its end") {
  nats_outage_lines lines;
  unsigned losses = 0;
  unsigned ends = 0;
  for (int i = 0; i < 100; ++i) {
    losses += lines.lost("maximum subscriptions exceeded") ? 1U : 0U;
    ends += lines.available() ? 1U : 0U;
  }
  CHECK(lines.losses() == 100);
  CHECK(losses == 7);
  CHECK(ends == 7);
}

TEST_CASE("a new reason is logged whatever the number of losses") {
  nats_outage_lines lines;
  for (int i = 0; i < 4; ++i)
    static_cast<void>(lines.lost("one"));
  CHECK_FALSE(lines.lost("one"));
  CHECK(lines.lost("another"));
  CHECK_FALSE(lines.lost("one"));
  unsigned logged = 0;
  for (int i = 0; i < 1000; ++i)
    logged += lines.lost(std::to_string(i)) ? 1U : 0U;
  CHECK(logged < 30); // reasons that differ every time do not flood the log either
}

TEST_CASE("after a loss that was not logged, NATS is logged as available when the connection has lasted") {
  nats_outage_lines lines;
  for (int i = 0; i < 3; ++i)
    static_cast<void>(lines.lost("one"));
  CHECK_FALSE(lines.available());
  CHECK(lines.lasted());
  CHECK_FALSE(lines.lasted());
  CHECK(lines.losses() == 0);
  CHECK(lines.lost("one"));
  CHECK(lines.available());
  CHECK_FALSE(lines.lasted());
}

TEST_CASE("refused responses are one error, however many reply subjects there are") {
  nats_error_lines lines({"events.a", "events.b"});
  unsigned logged = 0;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    if (const auto line = lines.line_for(refused("reply." + std::to_string(i)))) {
      ++logged;
      last = *line;
    }
  }
  CHECK(logged == 10);
  CHECK(last.starts_with("512 responses were refused"));
  CHECK(last.ends_with(refused("reply.511")));
}

TEST_CASE("a refused event is logged among refused responses, and again the second, fourth time") {
  nats_error_lines lines({"events.a", "events.b"});
  unsigned logged = 0;
  for (int i = 0; i < 16; ++i) {
    static_cast<void>(lines.line_for(refused("reply")));
    logged += lines.line_for(refused("events.a")) ? 1U : 0U;
  }
  CHECK(logged == 5);
  CHECK(lines.line_for(refused("events.b")) == refused("events.b"));
}

TEST_CASE("other errors are logged when they change, and otherwise the second, fourth time and so on") {
  nats_error_lines lines({});
  CHECK(lines.line_for("Authorization Violation") == "Authorization Violation");
  CHECK(lines.line_for("Authorization Violation") == "Authorization Violation (2 times)");
  CHECK_FALSE(lines.line_for("Authorization Violation"));
  CHECK(lines.line_for("another"));
  CHECK(lines.line_for("Authorization Violation") == "Authorization Violation");
}
