#include "catch.hpp"
#include "storage/schema/migrations.hpp"
#include "storage/schema/schema.hpp"

#include <string>

using namespace cm::storage;

TEST_CASE("migrations are numbered from 1 without a gap") {
  std::uint32_t expected = 1;
  for (const auto& step : compiled_migrations()) {
    CHECK(step.version == expected++);
    CHECK_FALSE(step.name.empty());
    CHECK(step.checksum.size() == 64);
    CHECK_FALSE(split_statements(step.sql).empty());
  }
  CHECK(expected > 1);
}

TEST_CASE("a migration that was released is never changed") {
  // Add the checksum of a new one here; never change a line.
  const std::vector<std::string> released{
    "a419581814da336ba8d6a44936e8b6920f0843d6f2eb33f06ee1a0612e565562",
    "a46f1a13819c0a07a70b48b98c22884b31d4b5ccac621fb7f5fb0a2463727a04",
    "f9c3559e09eac4928d8a5d9e29e243a0f4a6e3fa7b6b6f81c7374f1c30a3d7f6",
    "942db16895fd50ffb287dcf09391f73cb254948dc22270498573e5cdc7103060",
    "a86f3abdaede6e19e824d7eba1b27ec0dac0ac668e43ac8cf54f4d9df0d08a98",
    "d90e4f40cc8042d1fa302b2df8c33b6f0c174a7d2e9f71e13d75ffed70291b6d",
    "fbe9cb0825a943954c2bf35ccae37a4d7c8e915e6e9713f1d4856eb3a4f71ea1",
    "a573d46e1ab4426e054850c0fdba32d55bf2d74ca2e8a5493e5a456445cd1067",
  };
  REQUIRE(compiled_migrations().size() == released.size());
  for (std::size_t i = 0; i < released.size(); ++i)
    CHECK(compiled_migrations()[i].checksum == released[i]);
}

TEST_CASE("every statement of a migration may be run again after a crash") {
  for (const auto& step : compiled_migrations()) {
    for (const auto statement : split_statements(step.sql)) {
      INFO(statement.substr(0, 80));
      const bool repeatable = statement.find("IF NOT EXISTS") != std::string_view::npos
                              || statement.find("IF EXISTS") != std::string_view::npos
                              || statement.starts_with("UPDATE ") || statement.starts_with("INSERT IGNORE ");
      CHECK(repeatable);
    }
  }
}

TEST_CASE("a migration file is split at the semicolons that end a line, without its comments") {
  using parts = std::vector<std::string_view>;
  CHECK(split_statements("-- one;\nA (\n  'x;y',\n  b\n);\n\n-- two\nB;\nC")
        == parts{"A (\n  'x;y',\n  b\n)", "B", "C"});
  CHECK(split_statements("").empty());
  CHECK(split_statements("-- nothing;\n \n").empty());
  CHECK(split_statements("A;  \r\nB ;\n") == parts{"A", "B"});
  CHECK(split_statements("A\n-- inside;\nB;") == parts{"A\n-- inside;\nB"});
}

namespace {

constexpr migration one{1, "one", "c1", "A;"};
constexpr migration two{2, "two", "c2", "B;"};
const std::vector<migration> known{one, two};

} // namespace

TEST_CASE("migrations that are not recorded are pending, in order") {
  const auto empty = compare_schema({}, known, newer_schema::refused);
  CHECK_FALSE(empty.current());
  CHECK_FALSE(empty.refused());
  CHECK(empty.recorded == 0);
  REQUIRE(empty.pending.size() == 2);
  CHECK(empty.pending[0].version == 1);

  const std::vector<recorded_migration> first{{1, "one", "c1"}};
  const auto half = compare_schema(first, known, newer_schema::refused);
  CHECK(half.recorded == 1);
  REQUIRE(half.pending.size() == 1);
  CHECK(half.pending[0].version == 2);

  const std::vector<recorded_migration> both{{1, "one", "c1"}, {2, "two", "c2"}};
  CHECK(compare_schema(both, known, newer_schema::refused).current());
}

TEST_CASE("an unknown newer version is refused at the start and accepted while running") {
  const std::vector<recorded_migration> rows{{1, "one", "c1"}, {2, "two", "c2"}, {3, "three", "c3"}};
  const auto starting = compare_schema(rows, known, newer_schema::refused);
  CHECK(starting.refused());
  CHECK(starting.recorded == 3);
  CHECK(compare_schema(rows, known, newer_schema::accepted).current());
}

TEST_CASE("a changed checksum is refused always") {
  const std::vector<recorded_migration> rows{{1, "one", "other"}, {2, "two", "c2"}};
  CHECK(compare_schema(rows, known, newer_schema::refused).refused());
  CHECK(compare_schema(rows, known, newer_schema::accepted).refused());
}
