// Text helpers for the configuration. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// Converts ASCII letters only, independent of the locale.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

/// Removes leading and trailing spaces, tabs and line ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The parts between separators; one empty part for an empty text.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// A form for one line of a message: control characters and invalid UTF-8 become \xNN; truncated to 120 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// The number of single-character edits (insert, remove, replace, swap neighbours) between two words; `limit` + 1 if it
/// exceeds `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

} // namespace cm::core::configuration
