// Finds characters at the ends of a secret that were probably not meant to be part of it.
#pragma once

#include <string_view>

namespace cm::core {

/// How a value probably was not meant to begin or end: "ends with a newline", "ends with white space", "begins with
/// white space" or "begins with a byte order mark". Empty for other values. For messages: it does not show the value.
/// Any thread.
[[nodiscard]] std::string_view stray_ends(std::string_view value) noexcept;

} // namespace cm::core
