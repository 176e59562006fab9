#include "catch.hpp"
#include "core/base/stray_ends.hpp"

#include <string>

using cm::core::stray_ends;

TEST_CASE("a newline at the end of a value is named, of Unix, of Windows and several") {
  for (const auto* value : {"secret\n", "secret\r\n", "secret\r", "secret\n\n", "secret \n", " secret\n", "\n"})
    CHECK(stray_ends(value) == "ends with a newline");
}

TEST_CASE("other white space at an end of a value is named") {
  for (const auto* value : {"secret ", "secret\t", " secret ", " ", "secret\v", "secret\f"})
    CHECK(stray_ends(value) == "ends with white space");
  for (const auto* value : {" secret", "\tsecret", "\nsecret"})
    CHECK(stray_ends(value) == "begins with white space");
}

TEST_CASE("a byte order mark in front of a value is named") {
  CHECK(stray_ends("\xEF\xBB\xBFsecret") == "begins with a byte order mark");
  CHECK(stray_ends("\xEF\xBB\xBF") == "begins with a byte order mark");
}

TEST_CASE("nothing is said about a value without stray ends, whatever is inside of it") {
  for (const auto* value : {"", "secret", "two words", "two\nlines", "sécrèt", "secret\xC2\xA0", "\xEF\xBBsecret"})
    CHECK(stray_ends(value).empty());
  CHECK(stray_ends(std::string("secret\0", 7)).empty());
}
