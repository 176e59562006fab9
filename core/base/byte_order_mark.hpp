// The byte order mark of UTF-8, which some programs write at the beginning of a text.
#pragma once

#include <string_view>

namespace cm::core {

/// U+FEFF in UTF-8.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept {
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

} // namespace cm::core
