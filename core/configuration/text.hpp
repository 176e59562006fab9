// Small helpers on text that the whole configuration shares.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// ASCII only, whatever the locale.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

/// Without blanks, tabs and line ends around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The parts between `separator`; one empty part for an empty text.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Fit for one line of a message: control characters and bytes that are not UTF-8 as \xNN, at most 120 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// Number of single-character edits (insert, remove, replace, swap neighbours) between two words; `limit` + 1 where
/// it is more than `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

} // namespace cm::core::configuration
