#include "actors/nats/revocation_feed.hpp"
#include "catch.hpp"

using namespace cm;
using namespace std::chrono_literals;
using actors::feed_watch;
using actors::revocation_feed;

namespace {

const int first_connection = 1;
const int other_connection = 2;

struct feed_fixture {
  explicit feed_fixture(std::chrono::milliseconds settling = 1s) : watch(shared, settling) {}

  void look(std::chrono::milliseconds passed, std::uint64_t continuity = 4,
            const void* connection = &first_connection) {
    now += passed;
    watch.look(connection, continuity, confirmed, now);
  }

  [[nodiscard]] bool in_interval(std::uint64_t continuity = 4, const void* connection = &first_connection) const {
    return shared->now(connection, continuity).epoch != 0;
  }

  std::shared_ptr<revocation_feed> shared = std::make_shared<revocation_feed>();
  feed_watch watch;
  core::steady_time now{1h};
  bool confirmed = true;
};

} // namespace

TEST_CASE("a gap-free interval begins when the subscription has existed for the settling time") {
  feed_fixture f;
  CHECK_FALSE(f.in_interval());
  f.look(0ms);
  f.look(999ms);
  CHECK_FALSE(f.in_interval());
  f.look(1ms);
  CHECK(f.in_interval());
}

TEST_CASE("the settling time counts from the server's confirmation of the subscription") {
  feed_fixture f;
  f.confirmed = false;
  f.look(0ms);
  f.look(1h);
  CHECK_FALSE(f.in_interval());
  f.confirmed = true;
  f.look(0ms);
  f.look(999ms);
  CHECK_FALSE(f.in_interval());

  SECTION("the interval begins after that time, and stays open without the confirmation") {
    f.look(1ms);
    CHECK(f.in_interval());
    f.confirmed = false;
    f.look(1ms);
    CHECK(f.in_interval());
  }
  SECTION("a confirmation that is withdrawn restarts the settling time") {
    f.confirmed = false;
    f.look(1ms);
    f.confirmed = true;
    f.look(1ms);
    f.look(999ms);
    CHECK_FALSE(f.in_interval());
    f.look(1ms);
    CHECK(f.in_interval());
  }
}

TEST_CASE("a request that arrived on another connection must not be answered from memory") {
  feed_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.in_interval());
  CHECK_FALSE(f.in_interval(4, &other_connection));
}

TEST_CASE("an interruption of the connection ends the interval at once, before the next check") {
  feed_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.in_interval(4));
  CHECK_FALSE(f.in_interval(5));
  CHECK_FALSE(f.in_interval(6));
  const auto before = f.shared->now(&first_connection, 4);

  SECTION("and another one begins when the connection has been up again for the settling time") {
    f.look(0ms, 6);
    CHECK(f.shared->lost());
    f.look(0ms, 6);
    f.look(0ms, 6);
    REQUIRE(f.in_interval(6));
    CHECK(f.shared->now(&first_connection, 6) != before);
  }
  SECTION("and no other begins while the connection is down") {
    f.look(0ms, 5);
    f.look(0ms, 5);
    f.look(1h, 5);
    CHECK_FALSE(f.in_interval(5));
  }
}

TEST_CASE("a loss during the settling time restarts it") {
  feed_fixture f;
  f.look(0ms);
  f.look(900ms);
  f.shared->lose();
  f.look(100ms);
  CHECK_FALSE(f.in_interval());
  f.look(999ms);
  CHECK_FALSE(f.in_interval());
  f.look(1ms);
  CHECK(f.in_interval());
}

TEST_CASE("no interval begins after a loss since the mark was read, nor while one is open") {
  revocation_feed feed;
  const auto mark = feed.mark();
  feed.lose();
  CHECK_FALSE(feed.begin(mark, &first_connection, 4));
  CHECK(feed.lost());
  CHECK(feed.begin(feed.mark(), &first_connection, 4));
  CHECK_FALSE(feed.begin(feed.mark(), &first_connection, 4));
}

TEST_CASE("an overflow ends the interval, and so does the end of the subscription") {
  feed_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.in_interval());
  SECTION("overflow") {
    f.shared->lose();
  }
  SECTION("end of the subscription") {
    f.watch.stop();
  }
  CHECK_FALSE(f.in_interval());
}
