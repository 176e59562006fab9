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
  bool sensitive = false; ///< something in it came from a secret: not to be shown
};

/// Looks names up in the environment, then among the keys of the configuration, then in the schema's defaults.
/// Bounded: 32 levels, 1000 replacements and 64 KiB for one value.
class placeholder_resolver {
public:
  placeholder_resolver(const environment& variables, const source_set& sources)
    : variables_(variables), sources_(sources) {}

  /// The error's message names the placeholder: what was found and what was expected, ready for a problem.
  [[nodiscard]] expected<resolved> resolve(const candidate& of);

  /// The unknown keys of the file that some placeholder has used so far.
  [[nodiscard]] const std::set<std::string>& used() const noexcept { return used_; }

private:
  [[nodiscard]] expected<std::string> expand(std::string_view text);
  [[nodiscard]] expected<std::string> replace(std::string_view inside);
  [[nodiscard]] expected<std::string> descend(const std::string& name, std::string_view text);

  /// True where `name` is known; then `into` has its value, or the error.
  [[nodiscard]] bool look_up(const std::string& name, expected<std::string>& into);

  const environment& variables_;
  const source_set& sources_;
  std::set<std::string> used_;
  std::vector<std::string> path_; // the names that are being looked up
  std::size_t replacements_ = 0;
  bool sensitive_ = false;
};

} // namespace cm::core::configuration
