// ${NAME} and ${NAME:default} in values (contract 3.1).
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/sources.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// A value with its placeholders replaced.
struct resolved {
  std::string text;
  bool sensitive = false; ///< contains a secret: do not show it
};

/// Replaces placeholders by Spring's rule. Looks names up in the environment, then among the configuration keys, then
/// in the schema's defaults; in each of them also in other spellings: ${mariadb.host} is the variable MARIADB_HOST.
/// Limits per value: 32 levels, 1000 replacements, 64 KiB. Not thread-safe.
class placeholder_resolver {
public:
  placeholder_resolver(const environment& variables, const source_set& sources)
    : variables_(variables), sources_(sources) {}

  /// Returns the candidate's text with its placeholders replaced. The message of an error names the placeholder, what
  /// was found and what was expected, in the style of problem::message.
  [[nodiscard]] expected<resolved> resolve(const candidate& of);

  /// The unknown keys of the file that placeholders have used so far.
  [[nodiscard]] const std::set<std::string>& used() const noexcept { return used_; }

private:
  [[nodiscard]] expected<std::string> expand(std::string_view text);
  [[nodiscard]] expected<std::string> replace(std::string_view inside);
  [[nodiscard]] expected<std::string> descend(const std::string& name, std::string_view text);

  /// Returns whether `name` is known. If so, `into` receives its value or the error.
  [[nodiscard]] bool look_up(const std::string& name, expected<std::string>& into);

  void take_variable(const std::string& variable, const std::string& text, expected<std::string>& into);

  /// Returns whether the key of the schema has a value or a default.
  [[nodiscard]] bool take_key(const key_match& match, expected<std::string>& into);

  /// The key of the file, not in the schema, that `name` means; null if there is none.
  [[nodiscard]] const std::string* find_unknown(const std::string& name);

  const environment& variables_;
  const source_set& sources_;
  std::set<std::string> used_;
  std::map<std::string, const std::string*> relaxed_unknown_; // by uniform_key(); filled at its first use
  std::vector<std::string> path_; // the names whose values are being expanded, to detect cycles
  std::size_t replacements_ = 0;
  bool sensitive_ = false;
};

} // namespace cm::core::configuration
