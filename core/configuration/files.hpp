// Reads the configuration file and the files that the configuration names.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace cm::core::configuration {

inline constexpr std::size_t max_configuration_bytes = std::size_t{1024} * 1024;
inline constexpr std::size_t max_secret_bytes = std::size_t{64} * 1024;

/// Reads the configuration file, at most max_configuration_bytes. The message of an error is the reason: "No such file
/// or directory".
[[nodiscard]] expected<std::string> read_configuration_file(const std::string& path);

/// Reads a file that contains one secret, at most max_secret_bytes. Removes one trailing line end. An empty file is an
/// error.
[[nodiscard]] expected<std::string> read_secret_file(const std::string& path);

/// The reason why this process cannot read `path` as a file; empty if it can.
[[nodiscard]] std::optional<std::string> why_not_readable(const std::string& path);

} // namespace cm::core::configuration
