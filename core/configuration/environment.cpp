#include "core/configuration/configuration.hpp"

#include <unistd.h>

namespace cm::core::configuration {

environment environment::of_process() {
  environment result;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view line = *at;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      result.variables_.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return result;
}

const std::string* environment::find(const std::string& name) const {
  const auto at = variables_.find(name);
  return at == variables_.end() || at->second.empty() ? nullptr : &at->second;
}

} // namespace cm::core::configuration
