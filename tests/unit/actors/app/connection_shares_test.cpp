#include "actors/app/connection_shares.hpp"
#include "catch.hpp"

#include <limits>

using namespace cm::actors;

namespace {

constexpr std::size_t mib = std::size_t{1024} * 1024;

} // namespace

TEST_CASE("the ports, the database and the rest never have more descriptors than the process") {
  for (const std::size_t descriptors : {1024U, 4096U, 10'000U, 65'536U}) {
    const auto shares = share_connections({descriptors, 8, 5, 87 * mib});
    CAPTURE(descriptors, shares.api.total);
    CHECK(shares.api.total + shares.management.total + shares.agent.total + 2 * 8 + 3 * 5 + 96 <= descriptors);
    CHECK(shares.api.total >= descriptors / 10);
  }
}

TEST_CASE("the REST port has 10,000 connections where descriptors and memory suffice") {
  CHECK(share_connections({1'048'576, 8, 5, 87 * mib}).api.total == 10'000);
  CHECK(share_connections({std::numeric_limits<std::size_t>::max(), 8, 5, 87 * mib}).api.total == 10'000);
  CHECK(share_connections({1'048'576, 8, 5, 16 * mib}).api.total == 2048);
}

TEST_CASE("every port has connections, however few descriptors there are") {
  const auto shares = share_connections({64, 8, 5, 4 * mib});
  CHECK(shares.api.total == 16);
  CHECK(shares.management.total == 16);
  CHECK(shares.agent.total == 16);
}

TEST_CASE("one address gets half of a port's connections") {
  const auto shares = share_connections({1'048'576, 8, 5, 87 * mib});
  CHECK(shares.api.per_address == 5'000);
  CHECK(shares.management.per_address == 128);
}
