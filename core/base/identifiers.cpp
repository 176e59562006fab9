#include "core/base/identifiers.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cm::core {

namespace {

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}

constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

constexpr std::uint32_t malformed = 0xffffffffU;

// Decodes the code point at `offset` and advances `offset` past it. Returns `malformed` if there is no valid one.
std::uint32_t next_code_point(std::string_view text, std::size_t& offset) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(offset);
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
    if ((byte(offset + i) & 0xc0U) != 0x80U)
      return malformed;
    value = (value << 6U) | (byte(offset + i) & 0x3fU);
  }
  const bool surrogate = value >= 0xd800U && value <= 0xdfffU;
  if (value < min_value || surrogate || value > 0x10ffffU)
    return malformed;
  offset += length;
  return value;
}

/// The offset of the first non-ASCII byte at or after `offset`, or the end. A fast path: nearly all texts are pure
/// ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t offset) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  for (std::uint64_t eight = 0; text.size() - offset >= sizeof eight; offset += sizeof eight) {
    std::memcpy(&eight, text.data() + offset, sizeof eight);
    if ((eight & high_bits) != 0)
      break;
  }
  while (offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x80U)
    ++offset;
  return offset;
}

constexpr bool is_control(std::uint32_t c) noexcept {
  return c < 0x20U || (c >= 0x7fU && c <= 0x9fU);
}

} // namespace

bool is_endpoint_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_identifier_length && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_lower(c) || is_upper(c) || c == '.' || c == '_' || c == '~' || c == '-';
  });
}

bool is_application_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_identifier_length && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_lower(c) || c == '_' || c == '-';
  });
}

bool is_endpoint_token(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_token_length)
    return false;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto c = next_code_point(text, offset);
    if (c == malformed || is_control(c) || c == '+' || c == '#' || c == '/' || c == '.')
      return false;
  }
  return true;
}

bool is_client_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_identifier_length)
    return false;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto c = next_code_point(text, offset);
    if (c == malformed || is_control(c))
      return false;
  }
  return true;
}

bool is_utf8(std::string_view text) noexcept {
  for (auto offset = skip_ascii(text, 0); offset < text.size(); offset = skip_ascii(text, offset)) {
    if (next_code_point(text, offset) == malformed)
      return false;
  }
  return true;
}

} // namespace cm::core
