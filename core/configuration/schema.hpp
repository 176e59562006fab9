// The schema: the one table of every configuration key (contract 3.1, 3.2), and how a key is found in it.
#pragma once

#include "core/configuration/property.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// All rows, group by group; a row that decides the default of others comes before them.
[[nodiscard]] std::span<const property* const> schema();

/// The groups that schema() is made of.
[[nodiscard]] std::span<const property> process_properties();
[[nodiscard]] std::span<const property> server_properties();
[[nodiscard]] std::span<const property> connection_properties();
[[nodiscard]] std::span<const property> credential_properties();
[[nodiscard]] std::span<const property> security_properties();

/// A row, and which key of its family was meant.
struct key_match {
  const property* row = nullptr;
  std::string instance; ///< what stands for the wildcard; empty where the row is no family

  /// The key in the spelling of the schema: "endpoints.health.mapping.DOWN".
  [[nodiscard]] std::string key() const;
};

/// Finds a key as it is written in a file: case, '-' and '_' do not matter (Spring Boot's rule), aliases count.
[[nodiscard]] std::optional<key_match> find_key(std::string_view written);

/// Whether keys of the schema begin with `written` and a dot.
[[nodiscard]] bool is_beginning_of_key(std::string_view written);

/// The known key that was probably meant by an unknown one; nothing where none is near.
[[nodiscard]] std::optional<std::string> nearest_key(std::string_view unknown);

/// The environment variables that set a row, without the _FILE forms; empty for a family.
[[nodiscard]] std::vector<std::string> variables_of(const property& row);

/// The beginning of the variables that set a family ("LOGGING_LEVEL_"); empty where there are none.
[[nodiscard]] std::string variable_prefix_of(const property& row);

/// The family's key that a variable with variable_prefix_of() means, by what follows the prefix.
[[nodiscard]] std::string instance_of_variable(const property& row, std::string_view rest);

} // namespace cm::core::configuration
