#include "catch.hpp"
#include "core/memory/known_logins.hpp"

#include <stdexcept>
#include <string>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{100h};

} // namespace

TEST_CASE("a login is known for an hour after its last success") {
  known_logins known;
  CHECK_FALSE(known.knows("joe", "secret", start));
  known.succeeded("joe", "secret", start);
  CHECK(known.knows("joe", "secret", start + 59min));
  known.succeeded("joe", "secret", start + 59min);
  CHECK(known.knows("joe", "secret", start + 118min));
  CHECK_FALSE(known.knows("joe", "secret", start + 119min));
  CHECK(known.size() == 0);
}

TEST_CASE("another password, another username, and the same bytes divided differently are not known") {
  known_logins known;
  known.succeeded("joe", "secret", start);
  CHECK_FALSE(known.knows("joe", "Secret", start));
  CHECK_FALSE(known.knows("joe", "", start));
  CHECK_FALSE(known.knows("ann", "secret", start));
  CHECK_FALSE(known.knows("joes", "ecret", start));
}

TEST_CASE("the last right password of a username replaces the one before") {
  known_logins known;
  known.succeeded("joe", "old", start);
  known.succeeded("joe", "new", start);
  CHECK_FALSE(known.knows("joe", "old", start));
  CHECK(known.knows("joe", "new", start));
  CHECK(known.size() == 1);
}

TEST_CASE("a forgotten login is not known") {
  known_logins known;
  known.succeeded("joe", "secret", start);
  known.forget("joe");
  known.forget("nobody");
  CHECK_FALSE(known.knows("joe", "secret", start));
}

TEST_CASE("known logins are bounded, and the one with the oldest success makes room") {
  known_logins known{{.lifetime = 1h, .max_usernames = 3}};
  known.succeeded("a", "1", start);
  known.succeeded("b", "2", start);
  known.succeeded("a", "1", start + 1s);
  for (int i = 0; i < 2; ++i)
    known.succeeded("new " + std::to_string(i), "3", start + 2s);
  CHECK(known.size() == 3);
  CHECK(known.knows("a", "1", start + 2s));
  CHECK_FALSE(known.knows("b", "2", start + 2s));
}

TEST_CASE("known logins with a capacity or lifetime of 0 throw") {
  CHECK_THROWS_AS(known_logins({.max_usernames = 0}), std::invalid_argument);
  CHECK_THROWS_AS(known_logins({.lifetime = 0ms}), std::invalid_argument);
}
