#include "catch.hpp"
#include "core/memory/known_logins.hpp"

#include <stdexcept>
#include <string>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

constexpr steady_time first_login{100h};

} // namespace

TEST_CASE("a login is known for an hour after its last success") {
  known_logins known;
  CHECK_FALSE(known.knows("joe", "secret", first_login));
  known.succeeded("joe", "secret", first_login);
  CHECK(known.knows("joe", "secret", first_login + 59min));
  known.succeeded("joe", "secret", first_login + 59min);
  CHECK(known.knows("joe", "secret", first_login + 118min));
  CHECK_FALSE(known.knows("joe", "secret", first_login + 119min));
  CHECK(known.size() == 0);
}

TEST_CASE("another password, another username, and the same bytes divided differently are not known") {
  known_logins known;
  known.succeeded("joe", "secret", first_login);
  CHECK_FALSE(known.knows("joe", "Secret", first_login));
  CHECK_FALSE(known.knows("joe", "", first_login));
  CHECK_FALSE(known.knows("ann", "secret", first_login));
  CHECK_FALSE(known.knows("joes", "ecret", first_login));
}

TEST_CASE("the last right password of a username replaces the one before") {
  known_logins known;
  known.succeeded("joe", "old", first_login);
  known.succeeded("joe", "new", first_login);
  CHECK_FALSE(known.knows("joe", "old", first_login));
  CHECK(known.knows("joe", "new", first_login));
  CHECK(known.size() == 1);
}

TEST_CASE("a forgotten login is not known") {
  known_logins known;
  known.succeeded("joe", "secret", first_login);
  known.forget("joe");
  known.forget("nobody");
  CHECK_FALSE(known.knows("joe", "secret", first_login));
}

TEST_CASE("known logins are bounded, and the one with the oldest success makes room") {
  known_logins known{{.lifetime = 1h, .max_usernames = 3}};
  known.succeeded("a", "1", first_login);
  known.succeeded("b", "2", first_login);
  known.succeeded("a", "1", first_login + 1s);
  for (int i = 0; i < 2; ++i)
    known.succeeded("new " + std::to_string(i), "3", first_login + 2s);
  CHECK(known.size() == 3);
  CHECK(known.knows("a", "1", first_login + 2s));
  CHECK_FALSE(known.knows("b", "2", first_login + 2s));
}

TEST_CASE("known logins with a capacity or lifetime of 0 throw") {
  CHECK_THROWS_AS(known_logins({.max_usernames = 0}), std::invalid_argument);
  CHECK_THROWS_AS(known_logins({.lifetime = 0ms}), std::invalid_argument);
}
