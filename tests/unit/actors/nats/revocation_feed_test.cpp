#include "actors/nats/revocation_feed.hpp"
#include "catch.hpp"

using namespace cm;
using namespace std::chrono_literals;
using actors::feed_watch;
using actors::revocation_feed;

namespace {

const int one_connection = 1;
const int other_connection = 2;

struct coherence_fixture {
  explicit coherence_fixture(std::chrono::milliseconds settling = 1s) : watch(shared, settling) {}

  void look(std::chrono::milliseconds passed, std::uint64_t continuity = 4, const void* on = &one_connection) {
    now += passed;
    watch.look(on, continuity, confirmed, now);
  }

  [[nodiscard]] bool heard(std::uint64_t continuity = 4, const void* on = &one_connection) const {
    return shared->now(on, continuity).epoch != 0;
  }

  std::shared_ptr<revocation_feed> shared = std::make_shared<revocation_feed>();
  feed_watch watch;
  core::steady_time now{1h};
  bool confirmed = true;
};

} // namespace

TEST_CASE("nothing may be answered from memory until the subscription has stood for the settling time") {
  coherence_fixture f;
  CHECK_FALSE(f.heard());
  f.look(0ms);
  f.look(999ms);
  CHECK_FALSE(f.heard());
  f.look(1ms);
  CHECK(f.heard());
}

TEST_CASE("the settling time counts from when the server has confirmed the subscription") {
  coherence_fixture f;
  f.confirmed = false;
  f.look(0ms);
  f.look(1h);
  CHECK_FALSE(f.heard());
  f.confirmed = true;
  f.look(0ms);
  f.look(999ms);
  CHECK_FALSE(f.heard());

  SECTION("it is heard when that has passed, and goes on to be") {
    f.look(1ms);
    CHECK(f.heard());
    f.confirmed = false;
    f.look(1ms);
    CHECK(f.heard());
  }
  SECTION("what was confirmed and is not any more begins anew") {
    f.confirmed = false;
    f.look(1ms);
    f.confirmed = true;
    f.look(1ms);
    f.look(999ms);
    CHECK_FALSE(f.heard());
    f.look(1ms);
    CHECK(f.heard());
  }
}

TEST_CASE("a request that came over another connection is not answered from memory") {
  coherence_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.heard());
  CHECK_FALSE(f.heard(4, &other_connection));
}

TEST_CASE("a connection that was interrupted ends the stretch at once, before anybody has looked") {
  coherence_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.heard(4));
  CHECK_FALSE(f.heard(5));
  CHECK_FALSE(f.heard(6));
  const auto before = f.shared->now(&one_connection, 4);

  SECTION("and another one begins when it has stood again for as long") {
    f.look(0ms, 6);
    CHECK(f.shared->lost());
    f.look(0ms, 6);
    f.look(0ms, 6);
    REQUIRE(f.heard(6));
    CHECK(f.shared->now(&one_connection, 6) != before);
  }
  SECTION("and none begins while it is down") {
    f.look(0ms, 5);
    f.look(0ms, 5);
    f.look(1h, 5);
    CHECK_FALSE(f.heard(5));
  }
}

TEST_CASE("a loss during the settling time begins it anew") {
  coherence_fixture f;
  f.look(0ms);
  f.look(900ms);
  f.shared->lose();
  f.look(100ms);
  CHECK_FALSE(f.heard());
  f.look(999ms);
  CHECK_FALSE(f.heard());
  f.look(1ms);
  CHECK(f.heard());
}

TEST_CASE("a loss that comes while a stretch begins wins") {
  revocation_feed c;
  const auto mark = c.mark();
  c.lose();
  CHECK_FALSE(c.begin(mark, &one_connection, 4));
  CHECK(c.lost());
  CHECK(c.begin(c.mark(), &one_connection, 4));
  CHECK_FALSE(c.begin(c.mark(), &one_connection, 4));
}

TEST_CASE("an overflow ends the stretch, and the end of the subscription does") {
  coherence_fixture f(0ms);
  f.look(0ms);
  f.look(0ms);
  REQUIRE(f.heard());
  SECTION("overflow") {
    f.shared->lose();
  }
  SECTION("end") {
    f.watch.stop();
  }
  CHECK_FALSE(f.heard());
}
