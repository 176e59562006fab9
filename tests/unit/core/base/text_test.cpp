#include "catch.hpp"
#include "core/base/text.hpp"

#include <cctype>
#include <cstdint>
#include <limits>
#include <string>

using namespace cm::core;
using namespace std::string_view_literals;

namespace {

std::string escaped(std::uint32_t code_point) {
  std::string out = "<";
  append_json_escape(out, code_point);
  return out;
}

std::string number(std::uint64_t value, std::size_t width) {
  std::string out = "<";
  append_number(out, value, width);
  return out;
}

std::string hex(std::uint64_t value, unsigned count) {
  std::string out = "<";
  append_hex(out, value, count);
  return out;
}

} // namespace

TEST_CASE("characters are classified and converted as in the C locale, and bytes above 127 are none of them") {
  for (int i = 0; i < 256; ++i) {
    const auto c = static_cast<char>(i);
    INFO(i);
    CHECK(is_digit(c) == (std::isdigit(i) != 0));
    CHECK(is_lower(c) == (std::islower(i) != 0));
    CHECK(is_upper(c) == (std::isupper(i) != 0));
    CHECK(is_letter(c) == (std::isalpha(i) != 0));
    CHECK(is_letter_or_digit(c) == (std::isalnum(i) != 0));
    CHECK(to_lower(c) == static_cast<char>(std::tolower(i)));
    CHECK(to_upper(c) == static_cast<char>(std::toupper(i)));
    CHECK((hex_value(c) >= 0) == (std::isxdigit(i) != 0));
    CHECK(is_blank(c) == (c == ' ' || c == '\t' || c == '\r' || c == '\n'));
  }
}

TEST_CASE("only ASCII letters of a text change their case") {
  CHECK(to_lower("AZaz09@[ \xc3\x84"sv) == "azaz09@[ \xc3\x84");
  CHECK(to_upper("AZaz09`{ \xc3\xa4"sv) == "AZAZ09`{ \xc3\xa4");
  CHECK(to_lower(""sv).empty());
}

TEST_CASE("texts are compared without regard to the case of ASCII letters only") {
  STATIC_REQUIRE(equals_ignoring_case("", ""));
  STATIC_REQUIRE(equals_ignoring_case("Content-LENGTH", "content-length"));
  STATIC_REQUIRE_FALSE(equals_ignoring_case("a", "ab"));
  STATIC_REQUIRE_FALSE(equals_ignoring_case("@", "`")); // 32 apart, as upper and lower case are
  STATIC_REQUIRE_FALSE(equals_ignoring_case("\xc3\x84", "\xc3\xa4"));
}

TEST_CASE("trimming removes the given characters from both ends, and nothing from the middle") {
  STATIC_REQUIRE(trimmed("").empty());
  STATIC_REQUIRE(trimmed(" \t\r\n").empty());
  STATIC_REQUIRE(trimmed("\r\n\ta b \n") == "a b");
  STATIC_REQUIRE(trimmed("a") == "a");
  STATIC_REQUIRE(trimmed("\va\f") == "\va\f"); // vertical tab and form feed are not blanks
  STATIC_REQUIRE(trimmed(" \ta\n", " \t") == "a\n");
  CHECK(trimmed("\0a\0"sv) == "\0a\0"sv);
}

TEST_CASE("a text is blank if it is empty or has blanks only") {
  STATIC_REQUIRE(is_blank(""));
  STATIC_REQUIRE(is_blank(" \t\r\n"));
  STATIC_REQUIRE_FALSE(is_blank(" x "));
  STATIC_REQUIRE_FALSE(is_blank("\v"));
}

TEST_CASE("digits are one or more decimal digits") {
  STATIC_REQUIRE(is_digits("0"));
  STATIC_REQUIRE(is_digits("0123456789"));
  STATIC_REQUIRE_FALSE(is_digits(""));
  STATIC_REQUIRE_FALSE(is_digits("1 "));
  STATIC_REQUIRE_FALSE(is_digits("-1"));
  STATIC_REQUIRE_FALSE(is_digits("0x1"));
}

TEST_CASE("a number is parsed only from a whole text that is in range") {
  CHECK(parse_number<std::uint8_t>("0") == 0);
  CHECK(parse_number<std::uint8_t>("255") == 255);
  CHECK(parse_number<std::uint8_t>("007") == 7);
  CHECK(parse_number<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_number<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  for (const auto bad : {""sv, "256"sv, "18446744073709551616"sv, "-1"sv, "+1"sv, " 1"sv, "1 "sv, "1a"sv, "a"sv, "-"sv,
                         "0x1"sv, "1.0"sv, "1\0"sv}) {
    INFO(bad);
    CHECK_FALSE(parse_number<std::uint8_t>(bad));
  }
  CHECK_FALSE(parse_number<std::int64_t>("9223372036854775808"));
  CHECK_FALSE(parse_number<std::int64_t>("--1"));
  CHECK_FALSE(parse_number<std::int64_t>(std::string_view{}));
}

TEST_CASE("the bounds of a parsed number are inclusive") {
  CHECK(parse_number<int>("1", 1, 3) == 1);
  CHECK(parse_number<int>("3", 1, 3) == 3);
  CHECK_FALSE(parse_number<int>("0", 1, 3));
  CHECK_FALSE(parse_number<int>("4", 1, 3));
  CHECK(parse_number<int>("-5", -5) == -5);
  CHECK_FALSE(parse_number<int>("-6", -5));
}

TEST_CASE("a number is appended in decimal, padded to the width with zeros") {
  CHECK(number(0, 1) == "<0");
  CHECK(number(0, 0) == "<0");
  CHECK(number(7, 2) == "<07");
  CHECK(number(1234, 2) == "<1234");
  CHECK(number(std::numeric_limits<std::uint64_t>::max(), 22) == "<0018446744073709551615");
}

TEST_CASE("hexadecimal digits have the values 0 to 15 in either case, and are written in lower case") {
  for (int i = 0; i < 16; ++i) {
    const char digit = hex_digits[static_cast<std::size_t>(i)];
    CHECK(hex_value(digit) == i);
    CHECK(hex_value(to_upper(digit)) == i);
  }
  CHECK(hex(0xab, 2) == "<ab");
  CHECK(hex(0x1ab, 2) == "<ab"); // the lowest digits
  CHECK(hex(0x0a, 4) == "<000a");
  CHECK(hex(0xfedcba9876543210U, 16) == "<fedcba9876543210");
}

TEST_CASE("well-formed UTF-8 is accepted at every boundary of RFC 3629") {
  for (const auto good : {""sv, "a"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
                          "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv}) {
    CHECK(is_utf8(good));
    CHECK(is_utf8("a" + std::string(good) + "z"));
    for (std::size_t before = 0; before < 18; ++before)
      CHECK(is_utf8(std::string(before, 'a') + std::string(good) + std::string(17 - before, 'z')));
  }
}

TEST_CASE("overlong forms, surrogates, too large values, stray and missing bytes are not well-formed UTF-8") {
  for (const auto bad : {
         "\xc0\x80"sv,
         "\xc1\xbf"sv,
         "\xe0\x80\x80"sv,
         "\xe0\x9f\xbf"sv,
         "\xf0\x80\x80\x80"sv,
         "\xf0\x8f\xbf\xbf"sv, // overlong
         "\xed\xa0\x80"sv,
         "\xed\xbf\xbf"sv, // surrogates
         "\xf4\x90\x80\x80"sv,
         "\xf5\x80\x80\x80"sv,
         "\xf8\x88\x80\x80\x80"sv,
         "\xfe"sv,
         "\xff"sv, // too large
         "\x80"sv,
         "\xbf"sv, // stray
         "\xc2"sv,
         "\xe2\x82"sv,
         "\xf0\x9f\x98"sv,
         "\xe2"sv,
         "\xf0"sv, // missing
         "\xc2\x41"sv,
         "\xe2\x82\x41"sv,
         "\xe2\x41\x82"sv,
         "\xc2\xc2\x80"sv, // interrupted
       }) {
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(is_utf8("a" + std::string(bad)));
    CHECK_FALSE(is_utf8(std::string(bad) + "z"));
    for (std::size_t before = 0; before < 18; ++before)
      CHECK_FALSE(is_utf8(std::string(before, 'a') + std::string(bad) + std::string(17 - before, 'z')));
    for (std::size_t offset = 0; offset < bad.size(); ++offset) {
      std::size_t next = offset;
      if (next_code_point(bad, next) == malformed)
        CHECK(next == offset);
      else
        CHECK(next > offset);
    }
  }
}

TEST_CASE("code points are decoded one after the other") {
  constexpr auto text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"sv;
  std::size_t offset = 0;
  CHECK(next_code_point(text, offset) == 'a');
  CHECK(next_code_point(text, offset) == 0xe4U);
  CHECK(next_code_point(text, offset) == 0x20acU);
  CHECK(next_code_point(text, offset) == 0x1f600U);
  CHECK(offset == text.size());
}

TEST_CASE("control characters are those of C0 and C1, and the delete character") {
  for (std::uint32_t c = 0; c < 0x100U; ++c)
    CHECK(is_control(c) == (c <= 0x1fU || c == 0x7fU || (c >= 0x80U && c <= 0x9fU)));
  CHECK_FALSE(is_control(0x2028U));
  CHECK_FALSE(is_control(malformed));
}

TEST_CASE("characters are counted, not bytes") {
  STATIC_REQUIRE(count_characters("") == 0);
  STATIC_REQUIRE(count_characters("ab") == 2);
  STATIC_REQUIRE(count_characters("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") == 4);
  STATIC_REQUIRE(count_characters("\x80\xbf") == 0); // invalid: continuations only
}

TEST_CASE("a prefix ends between two characters") {
  constexpr auto text = "a\xe2\x82\xac"
                        "b"sv;
  STATIC_REQUIRE(utf8_prefix(text, 0).empty());
  STATIC_REQUIRE(utf8_prefix(text, 1) == "a");
  STATIC_REQUIRE(utf8_prefix(text, 2) == "a");
  STATIC_REQUIRE(utf8_prefix(text, 3) == "a");
  STATIC_REQUIRE(utf8_prefix(text, 4) == "a\xe2\x82\xac");
  STATIC_REQUIRE(utf8_prefix(text, 5) == text);
  STATIC_REQUIRE(utf8_prefix(text, 6) == text);
  STATIC_REQUIRE(utf8_prefix("\x80\x80\x80", 2).empty()); // invalid: no beginning of a character
  STATIC_REQUIRE(utf8_prefix("", 3).empty());
}

TEST_CASE("a character is escaped for JSON by its short sequence, or by four lower-case digits") {
  CHECK(escaped('"') == "<\\\"");
  CHECK(escaped('\\') == "<\\\\");
  CHECK(escaped('\n') == "<\\n");
  CHECK(escaped('\r') == "<\\r");
  CHECK(escaped('\t') == "<\\t");
  CHECK(escaped('\b') == "<\\u0008");
  CHECK(escaped(0) == "<\\u0000");
  CHECK(escaped(0x9fU) == "<\\u009f");
  CHECK(escaped(0x2028U) == "<\\u2028");
}
