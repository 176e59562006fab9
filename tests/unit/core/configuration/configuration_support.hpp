// Shared by the configuration tests: a complete configuration, and temporary files.
#pragma once

#include "catch.hpp"
#include "core/configuration/configuration.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace configuration_test {

namespace configuration = cm::core::configuration;
using variables = std::map<std::string, std::string>;

inline constexpr auto file_name = "service-config.yml";

/// The given variables and the mandatory ones.
inline configuration::environment complete(variables extra = {}) {
  extra.emplace("KAA_LICENSE_CERT_PASSWORD", "license-pass");
  return configuration::environment(std::move(extra));
}

inline configuration::load_result load(std::string_view yaml, variables extra = {}) {
  return configuration::load_text(complete(std::move(extra)), file_name, yaml);
}

inline std::vector<std::string> rendered(const std::vector<configuration::problem>& problems) {
  std::vector<std::string> lines;
  std::transform(problems.begin(), problems.end(), std::back_inserter(lines), configuration::render);
  return lines;
}

inline cm::core::settings settings_of(std::string_view yaml, variables extra = {}) {
  auto result = load(yaml, std::move(extra));
  for (const auto& line : rendered(result.errors))
    UNSCOPED_INFO(line);
  REQUIRE(result.value.has_value());
  REQUIRE(result.errors.empty());
  return std::move(*result.value);
}

inline std::vector<std::string> errors_of(std::string_view yaml, variables extra = {}) {
  const auto result = load(yaml, std::move(extra));
  CHECK(result.value.has_value() == result.errors.empty());
  return rendered(result.errors);
}

inline std::vector<std::string> warnings_of(std::string_view yaml, variables extra = {}) {
  return rendered(load(yaml, std::move(extra)).warnings);
}

using lines = std::vector<std::string>;

inline bool has(const lines& all, std::string_view line) {
  for (const auto& candidate : all)
    UNSCOPED_INFO(candidate);
  return std::find(all.begin(), all.end(), line) != all.end();
}

/// Whether any line contains `part`.
inline bool mentions(const lines& all, std::string_view part) {
  for (const auto& line : all)
    UNSCOPED_INFO(line);
  return std::any_of(all.begin(), all.end(), [&](const auto& l) { return l.find(part) != std::string::npos; });
}

/// A temporary file; the destructor removes it.
class temporary_file {
public:
  explicit temporary_file(std::string_view content) {
    std::string name = (std::filesystem::temp_directory_path() / "cm-configuration-XXXXXX").string();
    const int file = ::mkstemp(name.data());
    REQUIRE(file >= 0);
    ::close(file);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }

  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

} // namespace configuration_test
