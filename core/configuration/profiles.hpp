// Spring profiles: which documents of the configuration file apply.
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/yaml_file.hpp"

#include <string>
#include <vector>

namespace cm::core::configuration {

/// The entries of all documents that apply.
struct profile_result {
  std::vector<file_entry> entries; ///< of keys in several documents only the last; without spring.profiles.*
  std::vector<problem> errors;
  std::vector<problem> warnings; ///< documents that do not apply
};

/// Merges the documents of a file as Spring Boot does. A document with `spring.profiles` or
/// `spring.config.activate.on-profile` applies only if one of the profiles that it names is active (`!name`: not
/// active). Lists are whole, see with_whole_lists(). The active profiles are those of SPRING_PROFILES_ACTIVE, or else
/// of `spring.profiles.active` in the documents without a condition, or else `default`. A key in a later document
/// overrides the same key in an earlier one.
[[nodiscard]] profile_result merge_documents(const environment& variables, const std::string& file_name,
                                             const yaml_result& file);

} // namespace cm::core::configuration
