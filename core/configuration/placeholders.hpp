// ${NAME} and ${NAME:default} in values (contract 3.1).
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/sources.hpp"

#include <cstddef>
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

/// Replaces placeholders. Looks names up in the environment, then among the configuration keys, then in the schema's
/// defaults. Limits per value: 32 levels, 1000 replacements, 64 KiB. Not thread-safe.
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

  const environment& variables_;
  const source_set& sources_;
  std::set<std::string> used_;
  std::vector<std::string> path_; // the names whose values are being expanded, to detect cycles
  std::size_t replacements_ = 0;
  bool sensitive_ = false;
};

} // namespace cm::core::configuration
