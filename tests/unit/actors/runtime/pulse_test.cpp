#include "actors/database/storage_gate.hpp"
#include "actors/nats/nats_link.hpp"
#include "catch.hpp"

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;

namespace {

core::steady_time at(int ms) {
  return core::steady_time{std::chrono::hours{1}} + milliseconds{ms};
}

} // namespace

TEST_CASE("the database is up with a connected worker and down without, and every change is reported once") {
  database_pulse pulse{milliseconds{600}, at(0)};
  CHECK_FALSE(pulse.up());
  CHECK_FALSE(pulse.judge(0, at(10)));
  CHECK(pulse.judge(1, at(20)));
  CHECK(pulse.up());
  CHECK_FALSE(pulse.judge(8, at(30)));
  CHECK(pulse.judge(0, at(40)));
  CHECK_FALSE(pulse.up());
  CHECK_FALSE(pulse.stalled()); // no worker is connected, which is a different failure
  CHECK_FALSE(pulse.judge(0, at(50)));
}

TEST_CASE("a database that leaves a probe unanswered for longer than the patience is down until it answers") {
  database_pulse pulse{milliseconds{600}, at(0)};
  static_cast<void>(pulse.judge(2, at(0)));
  pulse.probe_sent(at(100));
  pulse.probe_sent(at(500)); // the first unanswered one counts
  CHECK_FALSE(pulse.judge(2, at(700)));
  CHECK(pulse.judge(2, at(701)));
  CHECK_FALSE(pulse.up());
  CHECK(pulse.stalled());
  pulse.answered();
  CHECK(pulse.judge(2, at(800)));
  CHECK(pulse.up());
  CHECK_FALSE(pulse.stalled());
}

TEST_CASE("any answer is a sign of life, so a probe may wait behind other work") {
  database_pulse pulse{milliseconds{600}, at(0)};
  static_cast<void>(pulse.judge(2, at(0)));
  for (int t = 0; t <= 3000; t += 300) {
    pulse.answered();
    pulse.probe_sent(at(t)); // or the one before waits still
    CHECK_FALSE(pulse.judge(2, at(t + 299)));
  }
  CHECK_FALSE(pulse.judge(2, at(3600)));
  CHECK(pulse.judge(2, at(3601)));
}

TEST_CASE("a database without requests stays up") {
  database_pulse pulse{milliseconds{600}, at(0)};
  static_cast<void>(pulse.judge(1, at(0)));
  CHECK_FALSE(pulse.judge(1, at(100000)));
  CHECK(pulse.up());
}

TEST_CASE("the down time of the database counts from the start, later from when it went down") {
  database_pulse pulse{milliseconds{600}, at(0)};
  CHECK(pulse.down_for(at(250)) == milliseconds{250});
  static_cast<void>(pulse.judge(1, at(300)));
  CHECK(pulse.down_for(at(5000)) == milliseconds{0});
  static_cast<void>(pulse.judge(0, at(6000)));
  static_cast<void>(pulse.judge(0, at(6500)));
  CHECK(pulse.down_for(at(7000)) == milliseconds{1000});
}

TEST_CASE("the NATS link is up from the first round trip on, while its round trips return in time") {
  link_pulse pulse{{.patience = milliseconds{600}}};
  CHECK_FALSE(pulse.up(at(0)));
  pulse.connected(true);
  CHECK(pulse.connected());
  CHECK_FALSE(pulse.up(at(50))); // connected, but no round trip has returned yet
  CHECK(pulse.start_round_trip(at(60)));
  pulse.round_trip_returned();
  CHECK(pulse.up(at(100000))); // no round trip was started since
  CHECK(pulse.start_round_trip(at(100)));
  CHECK_FALSE(pulse.start_round_trip(at(600))); // the first unanswered one counts
  CHECK(pulse.up(at(700)));
  CHECK(pulse.stalled(at(701)));
  CHECK_FALSE(pulse.up(at(701)));
  pulse.round_trip_returned();
  CHECK(pulse.up(at(702)));
  CHECK_FALSE(pulse.stalled(at(702)));
}

TEST_CASE("a NATS link without a connection is not stalled, and a new connection ignores old round trips") {
  link_pulse pulse{{.patience = milliseconds{600}}};
  pulse.connected(true);
  CHECK(pulse.start_round_trip(at(0)));
  pulse.round_trip_returned();
  CHECK(pulse.start_round_trip(at(10)));
  pulse.connected(false);
  CHECK_FALSE(pulse.up(at(1000)));
  CHECK_FALSE(pulse.stalled(at(1000)));
  pulse.round_trip_returned(); // of the lost connection
  CHECK_FALSE(pulse.up(at(1000)));
  pulse.connected(true);
  CHECK_FALSE(pulse.up(at(1000)));
  CHECK(pulse.start_round_trip(at(1000)));
  pulse.round_trip_returned();
  CHECK(pulse.up(at(1001)));
}

namespace {

/// A connected link whose round trip began at 0.
link_pulse waiting_link() {
  link_pulse pulse{{.silence = milliseconds{1000}}};
  pulse.connected(true);
  static_cast<void>(pulse.start_round_trip(at(0)));
  return pulse;
}

} // namespace

TEST_CASE("a NATS connection is silent when CM has looked in time for a second and nothing has arrived") {
  auto pulse = waiting_link();
  for (int ms = 100; ms < 1000; ms += 100)
    CHECK_FALSE(pulse.silent(at(ms), 500));
  CHECK(pulse.silent(at(1000), 500 + 1000)); // some data: the way to the server may be cut all the same
}

TEST_CASE("a NATS connection that answers is never silent, whenever CM looks") {
  auto pulse = waiting_link();
  CHECK_FALSE(pulse.silent(at(300), 0));
  CHECK_FALSE(pulse.silent(at(900), 0));
  pulse.round_trip_returned();
  CHECK_FALSE(pulse.doubtful(at(5000)));
  CHECK_FALSE(pulse.silent(at(5000), 0));
  static_cast<void>(pulse.start_round_trip(at(5000)));
  CHECK_FALSE(pulse.silent(at(5300), 0));
}

TEST_CASE("a second in which CM itself did not run says nothing about the server") {
  auto pulse = waiting_link();
  CHECK_FALSE(pulse.silent(at(300), 0));
  CHECK_FALSE(pulse.silent(at(4000), 0)); // CM was stopped; the answer may be in the socket
  CHECK_FALSE(pulse.silent(at(4100), 0));
  CHECK_FALSE(pulse.silent(at(4450), 0)); // late again
  for (int ms = 4550; ms < 4950; ms += 100)
    CHECK_FALSE(pulse.silent(at(ms), 0));
  CHECK(pulse.silent(at(4950), 0));
}

TEST_CASE("an answer may wait behind much data: a NATS connection with a flood is not silent") {
  auto pulse = waiting_link();
  std::uint64_t received = 0;
  for (int ms = 100; ms < 20000; ms += 100)
    CHECK_FALSE(pulse.silent(at(ms), received += std::uint64_t{512} * 1024));
  for (int ms = 20000; ms < 20400; ms += 100)
    CHECK_FALSE(pulse.silent(at(ms), received));
  CHECK(pulse.silent(at(20600), received));
}
