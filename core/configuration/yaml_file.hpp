// Reads YAML into a flat list of dotted keys with line numbers (contract 3.2: nested and dotted keys are equivalent).
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
inline constexpr std::size_t max_documents = 64;
inline constexpr std::size_t max_shown_duplicates = 100;

/// One key of the file and its value.
struct file_entry {
  enum class kind : std::uint8_t {
    scalar,
    nothing, ///< null, no value, or an empty map
    list,    ///< a list of scalars; `text` has them separated by commas
    nested,  ///< a list that contains lists or maps
  };

  std::string key;
  std::size_t line = 0; ///< counted from 1
  kind shape = kind::scalar;
  std::string text;
};

struct yaml_result {
  std::vector<file_entry> entries;              ///< of the first document, in the order of the file
  std::vector<std::vector<file_entry>> further; ///< of the documents after it; an empty one has none
  std::vector<problem> errors;                  ///< `where` is "file:line" or "file:line:column"
};

/// Reads the documents of a file, which begin with "---" from the second one on. Refuses invalid UTF-8, control
/// characters, anchors and aliases, custom tags, keys that are not scalars or longer than max_key_bytes, more than
/// max_yaml_depth levels, more than max_documents documents, and text between two documents. Thread-safe.
[[nodiscard]] yaml_result read_yaml(const std::string& file_name, std::string_view text);

} // namespace cm::core::configuration
