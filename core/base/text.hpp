// ASCII classification and case, trimming, numbers, hexadecimal digits, UTF-8 and JSON escapes. Independent of the
// locale. All functions are thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

// -- ASCII characters -------------------------------------------------------------------------------------------------

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}

[[nodiscard]] constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
  return is_lower(c) || is_upper(c);
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept {
  return is_letter(c) || is_digit(c);
}

/// Converts letters; returns any other character as it is.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr char to_upper(char c) noexcept {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

// -- texts ------------------------------------------------------------------------------------------------------------

/// Converts ASCII letters; keeps all other bytes.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

/// Compares ASCII letters without regard to case, and all other bytes exactly.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) {
           return to_lower(a) == to_lower(b);
         });
}

/// Space, tab, and the characters of line ends.
inline constexpr std::string_view blanks = " \t\r\n";

[[nodiscard]] constexpr bool is_blank(char c) noexcept {
  return blanks.find(c) != std::string_view::npos;
}

/// Whether `text` has no other characters than blanks; also true for an empty text.
[[nodiscard]] constexpr bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(blanks) == std::string_view::npos;
}

/// Removes leading and trailing characters that are in `removed`.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, std::string_view removed = blanks) noexcept {
  const auto first = text.find_first_not_of(removed);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(removed) - first + 1);
}

// -- numbers ----------------------------------------------------------------------------------------------------------

/// Whether `text` consists of decimal digits. False for an empty text.
[[nodiscard]] constexpr bool is_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c); });
}

/// Parses a whole text as a decimal number from `min` to `max`. Leading zeros are allowed, and for signed types a
/// leading `-`; `+`, spaces and separators are not.
/// @return empty for any other text, and for a number that is out of range
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, Number min = std::numeric_limits<Number>::min(),
                                                 Number max = std::numeric_limits<Number>::max()) noexcept {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < min || value > max)
    return std::nullopt;
  return value;
}

/// Appends a decimal number, with leading zeros if it has fewer than `width` digits.
inline void append_number(std::string& out, std::uint64_t number, std::size_t width = 1) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width)
    out.append(width - length, '0');
  out.append(digits.data(), length);
}

// -- hexadecimal digits -----------------------------------------------------------------------------------------------

/// CM writes lower case, except in percent encoding (RFC 3986 section 2.1).
inline constexpr std::string_view hex_digits = "0123456789abcdef";

/// The value of a digit of either case; -1 for any other character.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Appends the `count` lowest hexadecimal digits of `number`, in lower case; two digits are a byte.
/// @param count 1 to 16
inline void append_hex(std::string& out, std::uint64_t number, unsigned count = 2) {
  while (count-- > 0)
    out += hex_digits[(number >> (4U * count)) & 0x0fU];
}

// -- UTF-8 (RFC 3629) -------------------------------------------------------------------------------------------------

/// U+FFFD, which stands for bytes that are not UTF-8.
inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

/// No code point: the result of next_code_point() for bytes that are not UTF-8.
inline constexpr std::uint32_t malformed = 0xffffffffU;

/// Whether a byte continues a character instead of starting one.
[[nodiscard]] constexpr bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Decodes the code point at `offset`, which must be less than the size of `text`, and advances `offset` past it.
/// @return `malformed` if there is no valid one (overlong form, surrogate, above U+10FFFF, truncated); `offset` stays
[[nodiscard]] constexpr std::uint32_t next_code_point(std::string_view text, std::size_t& offset) noexcept {
  const auto first = static_cast<std::uint8_t>(text[offset]);
  if (first < 0x80U) {
    ++offset;
    return first;
  }
  std::size_t length = 0;
  std::uint32_t value = 0;
  std::uint32_t min_value = 0; // smaller values would be overlong forms
  if ((first & 0xe0U) == 0xc0U) {
    length = 2;
    value = first & 0x1fU;
    min_value = 0x80U;
  } else if ((first & 0xf0U) == 0xe0U) {
    length = 3;
    value = first & 0x0fU;
    min_value = 0x800U;
  } else if ((first & 0xf8U) == 0xf0U) {
    length = 4;
    value = first & 0x07U;
    min_value = 0x10000U;
  } else {
    return malformed;
  }
  if (text.size() - offset < length)
    return malformed;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[offset + i]))
      return malformed;
    value = (value << 6U) | (static_cast<std::uint8_t>(text[offset + i]) & 0x3fU);
  }
  const bool surrogate = value >= 0xd800U && value <= 0xdfffU;
  if (value < min_value || surrogate || value > 0x10ffffU)
    return malformed;
  offset += length;
  return value;
}

/// U+0000–U+001F and U+007F–U+009F.
[[nodiscard]] constexpr bool is_control(std::uint32_t code_point) noexcept {
  return code_point < 0x20U || (code_point >= 0x7fU && code_point <= 0x9fU);
}

/// Well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. True for an empty text.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The number of characters (code points) of a valid text. Of an invalid one: the bytes that are no continuation.
[[nodiscard]] constexpr std::size_t count_characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

/// The longest beginning of at most `max_bytes` bytes that does not split a character. May be shorter than necessary,
/// or empty, if `text` is not valid.
[[nodiscard]] constexpr std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes)
    return text;
  while (max_bytes > 0 && is_continuation(text[max_bytes]))
    --max_bytes;
  return text.substr(0, max_bytes);
}

// -- JSON -------------------------------------------------------------------------------------------------------------

/// Appends a character as an escape sequence of a JSON string: `\"`, `\\`, `\n`, `\r`, `\t`, or `\u` and four digits.
/// @param code_point less than U+10000
void append_json_escape(std::string& out, std::uint32_t code_point);

} // namespace cm::core
