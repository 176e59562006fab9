// From environment and file to settings: the configuration as main and `cm check-config` see it (contract 3.1, 3.2).
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

/// The environment variables, as a value so that tests can make one up.
class environment {
public:
  environment() = default;

  environment(std::initializer_list<std::pair<const std::string, std::string>> variables) : variables_(variables) {}

  explicit environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

  /// A copy of the environment of this process. To be called before there are other threads.
  [[nodiscard]] static environment of_process();

  /// The value, or nullptr where the variable is not set or empty: an empty variable counts as not set.
  [[nodiscard]] const std::string* find(const std::string& name) const;

  [[nodiscard]] const std::map<std::string, std::string>& variables() const noexcept { return variables_; }

private:
  std::map<std::string, std::string> variables_;
};

/// One thing that is wrong, or that an operator should know. Holds no secret.
struct problem {
  std::string where;   ///< "/srv/cm/service-config.yml:12", "environment SERVER_PORT"
  std::string key;     ///< empty where `where` says it all
  std::string message; ///< "found "70000", expected a port number from 1 to 65535"

  friend bool operator==(const problem&, const problem&) = default;
};

/// The settings are there exactly when there is no error.
struct load_result {
  std::optional<settings> value;
  std::vector<problem> errors;   ///< all of them, in the order of the file and then of the environment
  std::vector<problem> warnings; ///< the start goes on
};

/// Reads the file that the environment names, and every other file that a key names and that must be readable.
/// Never throws for what it reads.
[[nodiscard]] load_result load(const environment& variables);

/// As load(), with the text of the file at hand; `file_name` is for the messages.
[[nodiscard]] load_result load_text(const environment& variables, const std::string& file_name, std::string_view yaml);

/// The value of one key as `cm serve` would find it, for a command that needs no more than that: nothing else is looked
/// at, and nothing is reported. Not for secrets: a value that comes from one counts as not set.
/// @param key in the schema's spelling; std::logic_error for one that is not in it
/// @return the text with its placeholders replaced; the schema's default where nothing is set that the key can be, or
/// the
///   file cannot be read
[[nodiscard]] std::string value_of(const environment& variables, std::string_view key);

/// One line without its end: "where: key: message". Control characters are shown as escapes.
[[nodiscard]] std::string render(const problem& what);

/// The effective configuration, one key a line with its value and where that came from. Secrets are masked.
[[nodiscard]] std::string describe(const settings& value);

/// docs/configuration.md, made of the schema.
[[nodiscard]] std::string reference_markdown();

} // namespace cm::core::configuration
