// Attribute values: decodes BER string types to UTF-8 (X.690, RFC 4514 section 2.4) and escapes special characters.
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name_parts.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::core::detail {

namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t offset) noexcept {
  return static_cast<std::uint8_t>(bytes[offset]);
}

/// Returns false for surrogates and for numbers above U+10FFFF.
bool append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((c >> shift) & 0x3fU)); };
  if (c < 0x80U) {
    out += static_cast<char>(c);
  } else if (c < 0x800U) {
    out += static_cast<char>(0xc0U | (c >> 6U));
    tail(0);
  } else if (c < 0x10000U) {
    if (c >= 0xd800U && c <= 0xdfffU)
      return false;
    out += static_cast<char>(0xe0U | (c >> 12U));
    tail(6);
    tail(0);
  } else if (c <= 0x10ffffU) {
    out += static_cast<char>(0xf0U | (c >> 18U));
    tail(12);
    tail(6);
    tail(0);
  } else {
    return false;
  }
  return true;
}

/// Reads a big-endian number of `width` bytes.
std::uint32_t number_at(std::string_view bytes, std::size_t offset, std::size_t width) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i)
    value = (value << 8U) | byte_at(bytes, offset + i);
  return value;
}

std::optional<std::string> utf8_from_fixed(std::string_view bytes, std::size_t width, bool pairs = true) {
  if (bytes.size() % width != 0)
    return std::nullopt;
  std::string out;
  for (std::size_t offset = 0; offset < bytes.size(); offset += width) {
    std::uint32_t c = number_at(bytes, offset, width);
    // Strictly, neither BMPString nor UniversalString has surrogates. Software that writes them means UTF-16, and Java
    // reads them as such.
    const bool pair = pairs && width > 1 && c >= 0xd800U && c <= 0xdbffU && offset + 2 * width <= bytes.size();
    if (pair) {
      const auto low = number_at(bytes, offset + width, width);
      if (low < 0xdc00U || low > 0xdfffU)
        return std::nullopt;
      c = 0x10000U + ((c - 0xd800U) << 10U) + (low - 0xdc00U);
      offset += width;
    }
    if (!append_utf8(out, c))
      return std::nullopt;
  }
  return out;
}

/// Empty if the type is not a string type or the content is invalid for it.
std::optional<std::string> decoded_string(std::uint8_t tag, std::string_view content, reading how) {
  switch (tag) {
  case 12: // UTF8String
    return is_utf8(content) ? std::optional{std::string(content)} : std::nullopt;
  case 18: // NumericString
  case 19: // PrintableString
  case 20: // TeletexString: Latin-1 in practice, for Java and OpenSSL too
  case 22: // IA5String
  case 26: // VisibleString
  case 27: // GeneralString
    return utf8_from_fixed(content, 1);
  case 28: // UniversalString
    return utf8_from_fixed(content, 4, how == reading::present);
  case 30: // BMPString
    return utf8_from_fixed(content, 2);
  default:
    return std::nullopt;
  }
}

/// Whether `value` can be the bytes of a BMPString: a zero byte is the first half of an ASCII or Latin-1 character, and
/// text in one other alphabet has nothing but control characters for its first halves.
bool looks_like_utf16(std::string_view value) noexcept {
  bool zero = false;
  bool all_controls = true;
  for (std::size_t offset = 0; offset < value.size(); offset += 2) {
    zero = zero || value[offset] == '\0';
    all_controls = all_controls && byte_at(value, offset) < 0x20U;
  }
  return value.size() % 2 == 0 && (zero || all_controls);
}

bool has_control_character(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<std::uint8_t>(c) < 0x20U || c == 0x7f; });
}

struct element {
  std::uint8_t first = 0; // first byte of the tag
  std::string_view content;
};

/// Parses `ber` as exactly one element. Rejects indefinite lengths, which have no unique encoding to compare.
std::optional<element> read_element(std::string_view ber) noexcept {
  std::size_t offset = 0;
  if (ber.empty())
    return std::nullopt;
  const auto first = byte_at(ber, offset++);
  if ((first & 0x1fU) == 0x1fU) { // high tag number form: the number follows
    while (offset < ber.size() && (byte_at(ber, offset) & 0x80U) != 0)
      ++offset;
    ++offset;
  }
  if (offset >= ber.size())
    return std::nullopt;
  std::size_t length = byte_at(ber, offset++);
  if (length >= 0x80U) {
    std::size_t count = length & 0x7fU;
    if (count == 0 || count > 4 || ber.size() - offset < count)
      return std::nullopt;
    for (length = 0; count > 0; --count)
      length = (length << 8U) | byte_at(ber, offset++);
  }
  if (ber.size() - offset != length)
    return std::nullopt;
  return element{first, ber.substr(offset)};
}

} // namespace

std::optional<std::string> text_of_printed_utf16(std::string_view value) {
  // What Java could not print is a replacement character, so such a value cannot be read back.
  if (value.empty() || !looks_like_utf16(value) || value.find(replacement_character) != std::string_view::npos)
    return std::nullopt;
  auto text = utf8_from_fixed(value, 2);
  return text && !has_control_character(*text) ? text : std::nullopt;
}

std::optional<std::string> canonical_ber_value(std::string_view ber, reading how) {
  const auto found = read_element(ber);
  if (!found)
    return std::nullopt;
  // A first byte of 0x20 or more means another class or a constructed string; decoded_string() matches neither.
  if (const auto text = decoded_string(found->first, found->content, how)) {
    // The same as for a value in plain text: the canonical form is to be its own canonical form.
    const auto utf16 = how == reading::present ? text_of_printed_utf16(*text) : std::nullopt;
    return escaped_attribute_value(utf16 ? *utf16 : *text);
  }
  std::string out = "#";
  for (std::size_t i = 0; i < ber.size(); ++i)
    append_hex(out, byte_at(ber, i));
  return out;
}

std::string escaped_attribute_value(std::string_view value) {
  constexpr std::string_view special = ",+\"\\<>;";
  std::string out;
  out.reserve(value.size() + 8);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (static_cast<std::uint8_t>(c) < 0x20U || c == 0x7f) {
      out += '\\';
      append_hex(out, static_cast<std::uint8_t>(c));
      continue;
    }
    const bool first = i == 0;
    const bool last = i + 1 == value.size();
    if (special.find(c) != std::string_view::npos || (first && c == '#') || ((first || last) && c == ' '))
      out += '\\';
    out += c;
  }
  return out;
}

} // namespace cm::core::detail
