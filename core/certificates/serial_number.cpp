#include "core/certificates/serial_number.hpp"

#include "core/base/openssl_handles.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace cm::core {

namespace {

std::string decimal_from_hexadecimal(std::string_view digits) {
  const std::string text{digits};
  BIGNUM* raw = nullptr;
  const bool read = BN_hex2bn(&raw, text.c_str()) == static_cast<int>(text.size());
  const openssl_ptr<BIGNUM> number{raw};
  const openssl_ptr<char> decimal{read ? BN_bn2dec(number.get()) : nullptr};
  if (!decimal)
    throw std::runtime_error("OpenSSL failed: hexadecimal digits to decimal ones");
  return decimal.get();
}

std::string_view without_minus(std::string_view text) noexcept {
  return text.starts_with('-') ? text.substr(1) : text;
}

} // namespace

bool is_decimal_serial_number(std::string_view text) noexcept {
  const auto digits = without_minus(text);
  return digits.size() <= max_serial_digits && is_digits(digits);
}

expected<std::string> normalised_serial_number(std::string_view text) {
  static_assert(max_serial_digits == 4096);
  constexpr std::string_view too_long = "a serial number has at most 4096 digits";
  const auto number = without_minus(text);
  const bool hexadecimal = number.starts_with("0x") || number.starts_with("0X");
  const auto digits = hexadecimal ? number.substr(2) : number;
  if (digits.empty())
    return make_error(errc::invalid, "a serial number cannot be empty");
  if (digits.size() > max_serial_digits)
    return make_error(errc::invalid, std::string(too_long));
  const auto is_hex_digit = [](char c) { return hex_value(c) >= 0; };
  if (!(hexadecimal ? std::all_of(digits.begin(), digits.end(), is_hex_digit) : is_digits(digits)))
    return make_error(errc::invalid,
                      "a serial number is decimal digits, or 0x and hexadecimal digits, after a - if it is negative");
  std::string result = hexadecimal ? decimal_from_hexadecimal(digits) : std::string(digits);
  result.erase(0, std::min(result.find_first_not_of('0'), result.size() - 1));
  if (result.size() > max_serial_digits)
    return make_error(errc::invalid, std::string(too_long) + " in decimal");
  if (number.size() != text.size() && result != "0")
    result.insert(result.begin(), '-');
  return result;
}

} // namespace cm::core
