// Collects the unparsed texts of all keys from file and environment; the environment has precedence (contract 3.1).
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/yaml_file.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace cm::core::configuration {

/// The text that takes effect for one key.
struct candidate {
  key_match match;
  std::string text;
  std::string where; ///< as in problem::where
  bool from_file = false;
  bool literal = false;  ///< placeholders are not replaced: a secret from the environment or a secret file
  std::string written{}; ///< the key as spelled in the file; may be empty otherwise
  bool alias = false;    ///< set by another key with the same meaning
};

/// A key of the file that is not in the schema.
struct unknown_entry {
  std::string text;
  std::string where;
};

struct source_set {
  std::vector<candidate> candidates;         ///< at most one per key; those from the file first, in its order
  std::map<std::string, std::size_t> by_key; ///< key_match::key() -> index of the candidate
  std::map<std::string, unknown_entry> unknown;
  std::set<std::string> broken; ///< keys for which an error has been reported already
};

/// Merges file and environment. A key has precedence over its alias, wherever the two are set. Appends to `errors` and
/// `warnings`.
[[nodiscard]] source_set gather(const environment& variables, const std::string& file_name,
                                const std::vector<file_entry>& entries, std::vector<problem>& errors,
                                std::vector<problem>& warnings);

/// Warns of unknown variables whose names are similar to a known one.
void warn_of_near_variables(const environment& variables, std::vector<problem>& warnings);

} // namespace cm::core::configuration
