// Any file and environment leads to settings or to one-line errors, and a secret is never shown.
// Input: lines NAME=value up to an empty line, then the file.
#include "core/configuration/configuration.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace configuration = cm::core::configuration;

namespace {

// Long enough that the fuzzer cannot generate it by chance.
constexpr std::string_view planted = "Zq7-planted-secret-Xw3";

void check_line(const std::string& line) {
  if (line.find('\n') != std::string::npos || line.find(planted) != std::string::npos)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  std::map<std::string, std::string> variables;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      break;
    // The fuzzer must not read files that its input names.
    if (!line.substr(0, equals).ends_with("_FILE"))
      variables.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
  }
  variables.insert_or_assign("KAA_LICENSE_CERT_PASSWORD", std::string(planted));
  variables.insert_or_assign("NATS_PASSWORD", std::string(planted));

  const auto result = configuration::load_text(configuration::environment(variables), "f.yml", text);
  if (result.value.has_value() != result.errors.empty())
    std::abort();
  for (const auto& problem : result.errors)
    check_line(configuration::render(problem));
  for (const auto& problem : result.warnings)
    check_line(configuration::render(problem));
  if (result.value && configuration::describe(*result.value).find(planted) != std::string::npos)
    std::abort();
  return 0;
}
