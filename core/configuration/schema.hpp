// The schema: the table of all configuration keys (contract 3.1, 3.2), and the look-up of keys. All functions are
// thread-safe.
#pragma once

#include "core/configuration/property.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// All rows by group. A row that determines the defaults of other rows comes before them.
[[nodiscard]] std::span<const property* const> schema();

/// The groups that schema() is made of.
[[nodiscard]] std::span<const property> process_properties();
[[nodiscard]] std::span<const property> server_properties();
[[nodiscard]] std::span<const property> connection_properties();
[[nodiscard]] std::span<const property> credential_properties();
[[nodiscard]] std::span<const property> security_properties();

/// Spring's uniform form of a key: keys that differ only in case, '-' and '_' are equal.
[[nodiscard]] std::string uniform_key(std::string_view key);

/// A row and, for a family of keys, the member.
struct key_match {
  const property* row = nullptr;
  std::string instance; ///< the text that matched the wildcard; empty if the row is not a family

  /// The full key as the schema spells it: "endpoints.health.mapping.DOWN".
  [[nodiscard]] std::string key() const;
};

/// Finds a key by its spelling in a file: ignores case, '-' and '_' (Spring Boot's relaxed binding) and accepts
/// aliases.
[[nodiscard]] std::optional<key_match> find_key(std::string_view written);

/// Whether a key that find_key() has found is the row's alias.
[[nodiscard]] bool is_alias(std::string_view written, const property& row);

/// Whether any key of the schema begins with `written` and a dot.
[[nodiscard]] bool is_beginning_of_key(std::string_view written);

/// The known key that is most similar to an unknown one; empty if none is similar enough.
[[nodiscard]] std::optional<std::string> nearest_key(std::string_view unknown);

/// The environment variables that set a row, without those with the suffix _FILE and those of its alias; empty for a
/// family.
[[nodiscard]] std::vector<std::string> variables_of(const property& row);

/// The environment variables that set the alias of a row; empty if it has none.
[[nodiscard]] std::vector<std::string> variables_of_alias(const property& row);

/// The prefix of the variables that set members of a family ("LOGGING_LEVEL_"); empty if there are none.
[[nodiscard]] std::string variable_prefix_of(const property& row);

/// The member of a family that a variable sets.
/// @param rest the name of the variable without variable_prefix_of()
[[nodiscard]] std::string instance_of_variable(const property& row, std::string_view rest);

} // namespace cm::core::configuration
