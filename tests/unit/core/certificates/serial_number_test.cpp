#include "catch.hpp"
#include "core/certificates/serial_number.hpp"

using namespace cm::core;

namespace {

std::string serial_error(std::string_view text) {
  const auto result = normalised_serial_number(text);
  REQUIRE(result.has_error());
  CHECK(result.error().code == errc::invalid);
  return result.error().message;
}

} // namespace

TEST_CASE("decimal serial numbers lose their leading zeros and nothing else") {
  CHECK(*normalised_serial_number("0") == "0");
  CHECK(*normalised_serial_number("000") == "0");
  CHECK(*normalised_serial_number("4711") == "4711");
  CHECK(*normalised_serial_number("0004711") == "4711");
  CHECK(*normalised_serial_number("1000") == "1000");
  const std::string longest(max_serial_digits, '9');
  CHECK(*normalised_serial_number(longest) == longest);
}

// The values are Python's integers.
TEST_CASE("hexadecimal serial numbers become decimal") {
  CHECK(*normalised_serial_number("0x0") == "0");
  CHECK(*normalised_serial_number("0x00ff") == "255");
  CHECK(*normalised_serial_number("0XfF") == "255");
  CHECK(*normalised_serial_number("0xffffffffffffffff") == "18446744073709551615");
  CHECK(*normalised_serial_number("0x10000000000000000") == "18446744073709551616");
  CHECK(*normalised_serial_number("0x0123456789abcdefABCDEF0123456789") == "1512366075204170941347410564067190665");
  CHECK(*normalised_serial_number("0xffffffffffffffffffffffffffffffffffffffff")
        == "1461501637330902918203684832716283019655932542975");
  CHECK(normalised_serial_number("0x" + std::string(3401, 'f'))->size() == 4096);
}

TEST_CASE("negative serial numbers keep their sign in either base, and minus zero is zero") {
  CHECK(*normalised_serial_number("-1") == "-1");
  CHECK(*normalised_serial_number("-128") == "-128");
  CHECK(*normalised_serial_number("-000128") == "-128");
  CHECK(*normalised_serial_number("-0x80") == "-128");
  CHECK(*normalised_serial_number("-0X0080") == "-128");
  CHECK(*normalised_serial_number("-0xffffffffffffffffffffffffffffffffffffffff")
        == "-1461501637330902918203684832716283019655932542975");
  for (const auto* zero : {"-0", "-000", "-0x0", "-0X00"})
    CHECK(*normalised_serial_number(zero) == "0");
  const std::string longest = "-" + std::string(max_serial_digits, '9');
  CHECK(*normalised_serial_number(longest) == longest);
}

TEST_CASE("invalid serial numbers are errors") {
  const std::string digits =
    "a serial number is decimal digits, or 0x and hexadecimal digits, after a - if it is negative";
  CHECK(serial_error("") == "a serial number cannot be empty");
  CHECK(serial_error("0x") == "a serial number cannot be empty");
  CHECK(serial_error("-") == "a serial number cannot be empty");
  CHECK(serial_error("-0x") == "a serial number cannot be empty");
  for (const auto* text : {"--1", "- 1", "-+1", "1-", "-ff", "−1", "+1", "+0x1", " 1", "1 ", "1.0", "1e3", "ff", "0b1",
                           "0x-1", "0x1g", "x1", "1,000", "٣"})
    CHECK(serial_error(text) == digits);
  CHECK(serial_error(std::string_view("1\0", 2)) == digits);
  CHECK(serial_error(std::string_view("0x1\0", 4)) == digits);
  CHECK(serial_error(std::string(max_serial_digits + 1, '1')) == "a serial number has at most 4096 digits");
  CHECK(serial_error("0x" + std::string(max_serial_digits + 1, '0')) == "a serial number has at most 4096 digits");
  CHECK(serial_error("-" + std::string(max_serial_digits + 1, '1')) == "a serial number has at most 4096 digits");
  CHECK(serial_error("0x" + std::string(max_serial_digits, 'f'))
        == "a serial number has at most 4096 digits in decimal");
}

TEST_CASE("ECAP's serial numbers are integers in base 10") {
  CHECK(is_decimal_serial_number("0"));
  CHECK(is_decimal_serial_number("007"));
  CHECK(is_decimal_serial_number(std::string(max_serial_digits, '7')));
  CHECK_FALSE(is_decimal_serial_number(""));
  CHECK_FALSE(is_decimal_serial_number("0x7"));
  CHECK(is_decimal_serial_number("-7"));
  CHECK(is_decimal_serial_number("-0"));
  CHECK(is_decimal_serial_number("-" + std::string(max_serial_digits, '7')));
  CHECK_FALSE(is_decimal_serial_number("-"));
  CHECK_FALSE(is_decimal_serial_number("--7"));
  CHECK_FALSE(is_decimal_serial_number("+7"));
  CHECK_FALSE(is_decimal_serial_number("-0x7"));
  CHECK_FALSE(is_decimal_serial_number("7 "));
  CHECK_FALSE(is_decimal_serial_number(std::string(max_serial_digits + 1, '7')));
}
