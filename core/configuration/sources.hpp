// What file and environment say about each key, before any value is looked at (contract 3.1: environment over file).
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/yaml_file.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace cm::core::configuration {

/// The text that counts for one key.
struct candidate {
  key_match match;
  std::string text;
  std::string where; ///< as in problem::where
  bool from_file = false;
  bool literal = false;  ///< placeholders in it mean nothing: a secret from outside of the file
  std::string written{}; ///< the key as it stands in the file, where that is another than the schema's
};

/// A key of the file that is not in the schema.
struct unknown_entry {
  std::string text;
  std::string where;
};

struct source_set {
  std::vector<candidate> candidates;         ///< at most one for a key; those of the file first, in its order
  std::map<std::string, std::size_t> by_key; ///< key_match::key() -> index of the candidate
  std::map<std::string, unknown_entry> unknown;
  std::set<std::string> broken; ///< keys that were set in a way that is an error already
};

/// Brings the two together; what cannot be right goes to `errors`.
[[nodiscard]] source_set gather(const environment& variables, const std::string& file_name,
                                const std::vector<file_entry>& entries, std::vector<problem>& errors,
                                std::vector<problem>& warnings);

/// Variables that look like a misspelt one of ours.
void warn_of_near_variables(const environment& variables, std::vector<problem>& warnings);

} // namespace cm::core::configuration
