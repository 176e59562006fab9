#include "catch.hpp"
#include "core/memory/byte_budget.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using cm::core::byte_budget;
using cm::core::byte_share;

TEST_CASE("a byte budget grants bytes up to its limit, and all of a request or none of it") {
  byte_budget budget{100};
  CHECK(budget.try_take(60));
  CHECK_FALSE(budget.try_take(41));
  CHECK(budget.held() == 60);
  CHECK(budget.try_take(40));
  CHECK_FALSE(budget.try_take(1));
  CHECK(budget.try_take(0));
  CHECK(budget.refusals() == 2);
  budget.give_back(100);
  CHECK(budget.held() == 0);
  CHECK_FALSE(budget.try_take(static_cast<std::size_t>(-1)));
}

TEST_CASE("the peak of a byte budget is the most that was held since it was last asked") {
  byte_budget budget{100};
  CHECK(budget.take_peak() == 0);
  REQUIRE(budget.try_take(70));
  budget.give_back(50);
  CHECK(budget.take_peak() == 70);
  CHECK(budget.take_peak() == 20);
  REQUIRE(budget.try_take(10));
  CHECK(budget.take_peak() == 30);
}

TEST_CASE("a share returns its bytes when it shrinks, is replaced or ends") {
  const auto budget = std::make_shared<byte_budget>(100);
  {
    byte_share share{budget};
    CHECK(share.grow_to(60));
    CHECK(share.grow_to(30)); // holds enough already
    CHECK(share.bytes() == 60);
    CHECK_FALSE(share.grow_to(101));
    CHECK(share.bytes() == 60);
    share.shrink_to(80); // holds less already
    CHECK(share.bytes() == 60);
    share.shrink_to(10);
    CHECK(budget->held() == 10);

    byte_share moved{std::move(share)};
    CHECK(moved.bytes() == 10);
    CHECK(budget->held() == 10);
    byte_share other{budget};
    REQUIRE(other.grow_to(50));
    CHECK(budget->held() == 60);
    moved = std::move(other);
    CHECK(budget->held() == 50);
  }
  CHECK(budget->held() == 0);
}

TEST_CASE("a share without a budget is refused nothing") {
  byte_share share;
  CHECK(share.grow_to(static_cast<std::size_t>(-1)));
  share.shrink_to(1);
  CHECK(share.bytes() == 1);
}

TEST_CASE("the limit of a byte budget holds with several threads, and every byte comes back") {
  constexpr std::size_t limit = 10;
  const auto budget = std::make_shared<byte_budget>(limit);
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> users;
  users.reserve(4);
  for (std::size_t user = 0; user < 4; ++user) {
    users.emplace_back([&budget, &exceeded] {
      for (std::size_t round = 0; round < 20'000; ++round) {
        byte_share share{budget};
        static_cast<void>(share.grow_to(1 + round % 7));
        if (budget->held() > limit)
          exceeded = true;
      }
    });
  }
  for (auto& user : users)
    user.join();
  CHECK_FALSE(exceeded);
  CHECK(budget->held() == 0);
  CHECK(budget->take_peak() <= limit);
}

TEST_CASE("the buffers of a protocol get an eighth of the memory budget, and at least 4 MiB") {
  constexpr std::size_t mib = std::size_t{1024} * 1024;
  CHECK(cm::core::protocol_buffer_bytes(128 * mib) == 16 * mib);
  CHECK(cm::core::protocol_buffer_bytes(32 * mib) == 4 * mib);
  CHECK(cm::core::protocol_buffer_bytes(2 * mib) == 4 * mib);
}
