#include "catch.hpp"
#include "http/server/connection_table.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace cm::http;
using namespace std::chrono_literals;
using verdict = connection_table::verdict;

namespace {

/// A table and connections that are closed as soon as the table asks for it, unless `slow_to_close`.
class port {
public:
  explicit port(connection_limits limits) : table(limits) {}

  struct connection {
    std::shared_ptr<connection_lease> lease;
    bool evicted = false;
  };

  using connection_ptr = std::shared_ptr<connection>;

  /// A new connection that waits for a request from now on; null if it is not admitted.
  connection_ptr open(const std::string& address = "192.0.2.1") {
    now += 1ms;
    auto [result, lease] = table.add(boost::asio::ip::make_address(address), now);
    last = result;
    if (!lease)
      return nullptr;
    auto opened = std::make_shared<connection>();
    opened->lease = std::move(lease);
    opened->lease->on_evict([this, lease = std::weak_ptr{opened->lease}, test = std::weak_ptr{opened}] {
      evicted.push_back(lease.lock());
      if (const auto kept = test.lock())
        kept->evicted = true;
    });
    opened->lease->waits(now);
    return opened;
  }

  std::vector<connection_ptr> open_many(std::size_t count, const std::string& address = "192.0.2.1") {
    std::vector<connection_ptr> opened;
    for (std::size_t i = 0; i < count; ++i)
      opened.push_back(open(address));
    return opened;
  }

  void close_evicted() {
    for (const auto& lease : std::exchange(evicted, {}))
      table.remove(lease);
  }

  connection_table table;
  cm::core::steady_time now{1h};
  verdict last = verdict::admitted;
  std::vector<std::shared_ptr<connection_lease>> evicted;
};

} // namespace

TEST_CASE("at the total, the connection that has waited the longest is closed for a new one") {
  port p{{3}};
  const auto opened = p.open_many(3);
  opened[0]->lease->waits(p.now + 1ms); // had a request in the meantime
  CHECK(p.open() != nullptr);
  CHECK(opened[1]->evicted);
  CHECK_FALSE(opened[0]->evicted);
  p.close_evicted();
  CHECK(p.table.size() == 3);
  CHECK(p.open() != nullptr);
  CHECK(opened[2]->evicted);
  CHECK(p.open() != nullptr);
  CHECK(opened[0]->evicted);
  CHECK(p.table.evictions() == 3);
}

TEST_CASE("connections that work are not closed: the port is full") {
  port p{{2}};
  const auto opened = p.open_many(2);
  for (const auto& each : opened)
    each->lease->works();
  CHECK(p.open() == nullptr);
  CHECK(p.last == verdict::full);
  p.now += 1s;
  opened[1]->lease->waits(p.now);
  CHECK(p.open() != nullptr);
  CHECK(opened[1]->evicted);
}

TEST_CASE("a connection that ends makes room") {
  port p{{1}};
  const auto first = p.open();
  first->lease->works();
  CHECK(p.open() == nullptr);
  p.table.remove(first->lease);
  CHECK(p.table.size() == 0);
  CHECK(p.open() != nullptr);
}

TEST_CASE("an address at its limit loses its own connection, not that of others") {
  port p{{10, 2}};
  const auto other = p.open("198.51.100.1");
  const auto own = p.open_many(2);
  CHECK(p.open() != nullptr);
  CHECK(own[0]->evicted);
  CHECK_FALSE(other->evicted);
  own[1]->lease->works();
  p.close_evicted();
  const auto third = p.open(); // closes the one that replaced own[0]
  REQUIRE(third != nullptr);
  third->lease->works();
  CHECK(p.open() == nullptr);
  CHECK(p.last == verdict::address_at_limit);
  CHECK(p.open("198.51.100.1") != nullptr);
}

TEST_CASE("an IPv6 host counts as one address, whichever of its addresses it uses; IPv4 addresses do not") {
  port p{{10, 1}};
  const auto first = p.open("2001:db8::1");
  CHECK(p.open("2001:db8::2") != nullptr);
  CHECK(first->evicted);
  const auto next = p.open("2001:db8:0:1::1");
  CHECK_FALSE(next->evicted);
  const auto old = p.open("192.0.2.1");
  const auto neighbour = p.open("192.0.2.2");
  CHECK_FALSE(old->evicted);
  CHECK(p.open("::ffff:192.0.2.2") != nullptr); // the same as 192.0.2.2
  CHECK(neighbour->evicted);
}

TEST_CASE("while many connections are being closed, none more is") {
  port p{{100}};
  const auto opened = p.open_many(100);
  std::size_t admitted = 0;
  while (p.open() != nullptr)
    ++admitted;
  CHECK(admitted == 64);
  CHECK(p.last == verdict::full);
  p.close_evicted();
  CHECK(p.open() != nullptr);
}

TEST_CASE("of thousands of connections the longest waiting are closed, in their order") {
  port p{{3'000}};
  const auto opened = p.open_many(3'000);
  for (std::size_t i = 0; i < 500; ++i) {
    REQUIRE(p.open() != nullptr);
    p.close_evicted();
    REQUIRE(opened[i]->evicted);
  }
  CHECK_FALSE(opened[500]->evicted);
  CHECK(p.table.size() == 3'000);
}

TEST_CASE("without limits every connection is admitted") {
  port p{{1, 1}};
  const auto first = p.open();
  first->lease->works();
  p.table.lift_limits();
  CHECK(p.open_many(50).back() != nullptr);
  CHECK_FALSE(first->evicted);
}
