#include "core/configuration/configuration.hpp"

#include <unistd.h>

namespace cm::core::configuration {

environment environment::of_process() {
  environment result;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view line = *variable;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      result.variables_.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return result;
}

const std::string* environment::find(const std::string& name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() || found->second.empty() ? nullptr : &found->second;
}

} // namespace cm::core::configuration
