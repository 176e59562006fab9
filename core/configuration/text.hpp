// Text helpers for the configuration; core/base/text.hpp has the general ones. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// The parts between separators; one empty part for an empty text.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// A form for one line of a message: control characters and invalid UTF-8 become \xNN; truncated to 120 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// The number of single-character edits (insert, remove, replace, swap neighbours) between two words; `limit` + 1 if it
/// exceeds `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

/// A host name or an IPv4 address by its characters only: letters, digits, `.`, `-` and `_`; 1 to 253.
[[nodiscard]] bool is_host_name(std::string_view text) noexcept;

/// An IPv6 address without brackets.
[[nodiscard]] bool is_ipv6_address(std::string_view text);

} // namespace cm::core::configuration
