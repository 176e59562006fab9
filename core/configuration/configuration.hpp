// Public interface of the configuration: loads settings from environment and file (contract 3.1, 3.2).
#pragma once

#include "core/configuration/settings.hpp"

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::core::configuration {

/// A set of environment variables; tests can construct their own.
class environment {
public:
  environment() = default;

  environment(std::initializer_list<std::pair<const std::string, std::string>> variables) : variables_(variables) {}

  explicit environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

  /// Copies the environment of this process. Call it before other threads exist.
  [[nodiscard]] static environment of_process();

  /// The value of a variable; nullptr if it is not set or empty.
  [[nodiscard]] const std::string* find(const std::string& name) const;

  [[nodiscard]] const std::map<std::string, std::string>& variables() const noexcept { return variables_; }

private:
  std::map<std::string, std::string> variables_;
};

/// An error or a warning for the operator. Contains no secret.
struct problem {
  std::string where;   ///< "/srv/cm/service-config.yml:12", "environment SERVER_PORT"
  std::string key;     ///< empty if `where` is sufficient
  std::string message; ///< "found "70000", expected a port number from 1 to 65535"

  friend bool operator==(const problem&, const problem&) = default;
};

/// The result of loading. `value` is set if and only if `errors` is empty.
struct load_result {
  std::optional<settings> value;
  std::vector<problem> errors;   ///< all errors, in the order of the file, then of the environment
  std::vector<problem> warnings; ///< do not prevent the start
};

/// Loads the configuration from `variables` and the file that they name. Reads the secret files that they name, and
/// checks that the files of keys with type `readable_file` can be read. Reports invalid input in the result and does
/// not throw for it.
[[nodiscard]] load_result load(const environment& variables);

/// Like load(), with the given text in place of the configuration file. `file_name` is for the messages.
[[nodiscard]] load_result load_text(const environment& variables, const std::string& file_name, std::string_view yaml);

/// The value of one key as `cm serve` would use it, for commands that need no other key. Does not report problems, also
/// not of this key. Not for secrets: a value that contains a secret counts as not set.
/// @param key as the schema spells it
/// @return the text with its placeholders replaced; the schema's default if the key is not set, its value is invalid,
/// or
///   the file cannot be read
/// @throws std::logic_error if the schema has no such key
[[nodiscard]] std::string value_of(const environment& variables, std::string_view key);

/// One line without a line end: "where: key: message". Control characters are escaped.
[[nodiscard]] std::string render(const problem& what);

/// The effective configuration: one line per key with its value and origin. Secrets are masked.
[[nodiscard]] std::string describe(const settings& value);

/// The text of docs/configuration.md, generated from the schema.
[[nodiscard]] std::string reference_markdown();

} // namespace cm::core::configuration
