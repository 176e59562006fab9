#include "catch.hpp"
#include "core/observability/damaged_rows.hpp"

#include <vector>

using namespace cm::core;

namespace {

uuid numbered(std::uint8_t number) {
  uuid id;
  id.bytes.back() = number;
  return id;
}

} // namespace

TEST_CASE("a damaged row is reported at its first, second, fourth and eighth reading") {
  damaged_rows rows;
  std::vector<std::uint64_t> reported;
  for (int i = 0; i < 9; ++i) {
    if (const auto number = rows.count("endpoint_token", numbered(1)))
      reported.push_back(number);
  }
  CHECK(reported == std::vector<std::uint64_t>{1, 2, 4, 8});
}

TEST_CASE("each row of each table has its own count") {
  damaged_rows rows;
  for (int i = 0; i < 3; ++i)
    static_cast<void>(rows.count("endpoint_token", numbered(1)));
  CHECK(rows.count("endpoint_token", numbered(2)) == 1);
  CHECK(rows.count("basic_credential", numbered(1)) == 1);
}

TEST_CASE("rows beyond the capacity share one count, and known rows keep theirs") {
  damaged_rows rows{1};
  CHECK(rows.count("endpoint_token", numbered(1)) == 1);
  CHECK(rows.count("endpoint_token", numbered(2)) == 1);
  CHECK(rows.count("endpoint_token", numbered(3)) == 2);
  CHECK(rows.count("endpoint_token", numbered(4)) == 0);
  CHECK(rows.count("endpoint_token", numbered(1)) == 2);
}
