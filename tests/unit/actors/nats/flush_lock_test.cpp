#include "actors/nats/flush_lock.hpp"
#include "catch.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

using cm::actors::flush_lock;
using namespace std::chrono_literals;

namespace {

void flush_once(flush_lock& lock, std::chrono::nanoseconds took) {
  lock.lock();
  lock.flushed(took);
  lock.unlock();
}

} // namespace

TEST_CASE("try_lock fails until a flush was seen to be quick") {
  flush_lock lock;
  CHECK_FALSE(lock.try_lock());
  flush_once(lock, 60us);
  REQUIRE(lock.try_lock());
  lock.unlock();
}

TEST_CASE("after a slow flush try_lock fails until the next quick one") {
  flush_lock lock;
  flush_once(lock, 60us);
  flush_once(lock, flush_lock::quick);
  CHECK_FALSE(lock.try_lock());
  flush_once(lock, 60us);
  REQUIRE(lock.try_lock());
  lock.unlock();
}

TEST_CASE("locking without a flush says nothing about flushes") {
  flush_lock lock;
  lock.lock();
  lock.unlock();
  CHECK_FALSE(lock.try_lock());
  flush_once(lock, 60us);
  lock.lock();
  lock.unlock();
  REQUIRE(lock.try_lock());
  lock.unlock();
}

TEST_CASE("one thread holds the lock at a time, and a thread that waits for it gets it") {
  flush_lock lock;
  flush_once(lock, 60us);
  int holders = 0;
  int max_holders = 0;
  const auto work = [&] {
    for (int i = 0; i < 2'000; ++i) {
      if (i % 2 == 0 || !lock.try_lock())
        lock.lock();
      max_holders = std::max(max_holders, ++holders);
      --holders;
      lock.flushed(60us);
      lock.unlock();
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(max_holders == 1);
  CHECK(holders == 0);
}
