// A YAML text as a flat list of dotted keys, with the line of each (contract 3.2: nested and dotted mean the same).
#pragma once

#include "core/configuration/configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

inline constexpr std::size_t max_yaml_depth = 32;
inline constexpr std::size_t max_key_bytes = 512;
inline constexpr std::size_t max_shown_duplicates = 100;

/// One key of the file and its value.
struct file_entry {
  enum class kind : std::uint8_t {
    scalar,
    nothing, ///< null, nothing at all, or an empty map
    list,    ///< of scalars: `text` has them with commas between them
    nested,  ///< a list with lists or maps in it
  };

  std::string key;
  std::size_t line = 0; ///< counted from 1
  kind shape = kind::scalar;
  std::string text;
};

struct yaml_result {
  std::vector<file_entry> entries; ///< in the order of the file
  std::vector<problem> errors;     ///< `where` is "file:line" or "file:line:column"
};

/// Reads one document. Refused: what is not UTF-8, control characters, anchors and aliases, tags of one's own, keys
/// that are not plain text or longer than max_key_bytes, more than max_yaml_depth levels, more than one document.
[[nodiscard]] yaml_result read_yaml(const std::string& file_name, std::string_view text);

} // namespace cm::core::configuration
