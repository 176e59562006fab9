// Size classes: statements with a list of values are prepared for a few lengths only; shorter lists are padded with
// duplicates.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace cm::storage {

/// List lengths for which statements are prepared, ascending. Longer lists are processed in chunks.
inline constexpr std::array<std::size_t, 5> size_classes{1, 4, 16, 64, 256};

/// The index of the smallest class that can hold `count` values.
/// @param count 1 to size_classes.back()
[[nodiscard]] constexpr std::size_t class_holding(std::size_t count) noexcept {
  std::size_t index = 0;
  while (index + 1 < size_classes.size() && size_classes[index] < count)
    ++index;
  return index;
}

/// The index of the largest class that `count` values fill completely: for lists that must not contain duplicates and
/// are therefore processed in chunks without padding.
/// @param count at least 1
[[nodiscard]] constexpr std::size_t class_filled_by(std::size_t count) noexcept {
  std::size_t index = 0;
  while (index + 1 < size_classes.size() && size_classes[index + 1] <= count)
    ++index;
  return index;
}

/// `part`, repeated and separated by commas.
[[nodiscard]] inline std::string repeated(std::string_view part, std::size_t count) {
  std::string text;
  text.reserve((part.size() + 1) * count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0)
      text += ',';
    text += part;
  }
  return text;
}

/// One SQL text per size class: `before`, the repeated part, `after`.
[[nodiscard]] inline std::array<std::string, size_classes.size()>
statement_texts(std::string_view before, std::string_view part, std::string_view after) {
  std::array<std::string, size_classes.size()> texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    texts[i] = before;
    texts[i] += repeated(part, size_classes[i]);
    texts[i] += after;
  }
  return texts;
}

} // namespace cm::storage
