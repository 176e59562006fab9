#include "core/base/text.hpp"

#include <cstring>

namespace cm::core {

namespace {

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

} // namespace

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = to_lower(c);
  return result;
}

std::string to_upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = to_upper(c);
  return result;
}

bool is_utf8(std::string_view text) noexcept {
  for (auto offset = skip_ascii(text, 0); offset < text.size(); offset = skip_ascii(text, offset)) {
    if (next_code_point(text, offset) == malformed)
      return false;
  }
  return true;
}

void append_json_escape(std::string& out, std::uint32_t code_point) {
  out += '\\';
  switch (code_point) {
  case '"':
  case '\\':
    out += static_cast<char>(code_point);
    return;
  case '\n':
    out += 'n';
    return;
  case '\r':
    out += 'r';
    return;
  case '\t':
    out += 't';
    return;
  default:
    out += 'u';
    append_hex(out, code_point, 4);
  }
}

} // namespace cm::core
