#include "catch.hpp"
#include "storage/sql/error.hpp"

using namespace cm;
using namespace cm::storage;
using core::errc;

TEST_CASE("every error number says what the connection's owner must do next") {
  struct row {
    unsigned number;
    error_class kind;
    errc code;
  };

  using enum error_class;
  const std::vector<row> rows{
    {1062, usable, errc::conflict},       {1586, usable, errc::conflict},
    {1064, usable, errc::internal}, // syntax
    {1105, usable, errc::internal}, // unknown
    {1366, usable, errc::internal}, // wrong value
    {1406, usable, errc::internal}, // too long
    {1021, usable, errc::unavailable},    {1114, usable, errc::unavailable},
    {1317, usable, errc::unavailable},    {1969, usable, errc::unavailable},
    {1205, retryable, errc::unavailable}, {1213, retryable, errc::unavailable},
    {1020, retryable, errc::unavailable}, {1615, retryable, errc::unavailable},
    {1290, read_only, errc::unavailable}, {1792, read_only, errc::unavailable},
    {1836, read_only, errc::unavailable}, {1040, broken, errc::unavailable},
    {1045, broken, errc::unavailable},    {1047, read_only, errc::unavailable},
    {1049, broken, errc::unavailable},    {1053, broken, errc::unavailable},
    {1180, broken, errc::unavailable},    {1243, broken, errc::unavailable},
    {1927, broken, errc::unavailable},    {2000, broken, errc::unavailable},
    {2006, broken, errc::unavailable},    {2013, broken, errc::unavailable},
    {2026, broken, errc::unavailable},    {2999, broken, errc::unavailable},
    {3000, usable, errc::internal},       {4999, usable, errc::internal},
    {5000, broken, errc::unavailable},    {5999, broken, errc::unavailable},
    {6000, usable, errc::internal},       {0, broken, errc::unavailable},
    {1146, schema, errc::internal},       {1054, schema, errc::internal},
  };
  for (const auto& r : rows) {
    INFO(r.number);
    CHECK(classify(r.number) == classification{r.kind, r.code});
  }
}

TEST_CASE("errors that say something about the server and not about the statement are known as those of the host") {
  for (const unsigned number : {1021U, 1026U, 1030U, 1036U, 1037U, 1040U, 1041U, 1045U, 1047U, 1114U, 1194U, 1203U,
                                1290U, 1792U, 1836U, 1881U, 1932U}) {
    INFO(number);
    CHECK(host_specific(number));
  }
  for (const unsigned number :
       {0U, 1020U, 1054U, 1062U, 1064U, 1142U, 1146U, 1205U, 1213U, 1317U, 1406U, 1969U, 2006U, 2013U}) {
    INFO(number);
    CHECK_FALSE(host_specific(number));
  }
}

TEST_CASE("the detail of a failure has number, state and text, and the client's message has none of them") {
  const auto lost = make_failure(2013, "HY000", "Lost connection\nto server", "db:3306: execute SELECT");
  CHECK(lost.kind == error_class::broken);
  CHECK(lost.number == 2013);
  CHECK(lost.error.code == errc::unavailable);
  CHECK(lost.error.message == "The database is not available");
  CHECK(lost.error.detail == "db:3306: execute SELECT: Lost connection to server (errno 2013, sqlstate HY000)");
  CHECK(make_failure(1064, "42000", "near 'x'", "run").error.message == "Internal Server Error");
}

TEST_CASE("the detail of a duplicate key does not contain the stored value") {
  const auto twice = make_failure(1062, "23000", "Duplicate entry 'S3CR3T' for key 'token_hash'", "execute INSERT");
  CHECK(twice.error.code == errc::conflict);
  CHECK(twice.error.detail == "execute INSERT: duplicate entry for key 'token_hash' (errno 1062, sqlstate 23000)");
}
