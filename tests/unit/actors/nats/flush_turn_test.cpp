#include "actors/nats/flush_turn.hpp"
#include "catch.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

using cm::actors::flush_turn;
using namespace std::chrono_literals;

namespace {

void flush_once(flush_turn& turn, std::chrono::nanoseconds took) {
  turn.take();
  turn.flushed(took);
  turn.give_back();
}

} // namespace

TEST_CASE("nobody takes the turn in passing before a flush was seen to be quick") {
  flush_turn turn;
  CHECK_FALSE(turn.try_take());
  flush_once(turn, 60us);
  REQUIRE(turn.try_take());
  turn.give_back();
}

TEST_CASE("a flush that was not quick leaves the next ones to those who may wait") {
  flush_turn turn;
  flush_once(turn, 60us);
  flush_once(turn, flush_turn::quick);
  CHECK_FALSE(turn.try_take());
  flush_once(turn, 60us);
  REQUIRE(turn.try_take());
  turn.give_back();
}

TEST_CASE("a turn without a flush says nothing about flushes") {
  flush_turn turn;
  turn.take();
  turn.give_back();
  CHECK_FALSE(turn.try_take());
  flush_once(turn, 60us);
  turn.take();
  turn.give_back();
  REQUIRE(turn.try_take());
  turn.give_back();
}

TEST_CASE("one has the turn at a time, and who waits for it gets it") {
  flush_turn turn;
  flush_once(turn, 60us);
  int inside = 0;
  int most = 0;
  const auto work = [&] {
    for (int i = 0; i < 2'000; ++i) {
      if (i % 2 == 0 || !turn.try_take())
        turn.take();
      most = std::max(most, ++inside);
      --inside;
      turn.flushed(60us);
      turn.give_back();
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(most == 1);
  CHECK(inside == 0);
}
