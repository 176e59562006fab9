// Reading the small files that the configuration consists of or names.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace cm::core::configuration {

inline constexpr std::size_t max_configuration_bytes = 1024 * 1024;
inline constexpr std::size_t max_secret_bytes = 64 * 1024;

/// The configuration file, at most max_configuration_bytes. The error's message is the reason: "No such file or
/// directory".
[[nodiscard]] expected<std::string> read_configuration_file(const std::string& path);

/// A file with one secret in it, at most max_secret_bytes, without one line end at its end; an empty one is an error.
[[nodiscard]] expected<std::string> read_secret_file(const std::string& path);

/// The reason why this process cannot read `path` as a file, or nothing where it can.
[[nodiscard]] std::optional<std::string> why_not_readable(const std::string& path);

} // namespace cm::core::configuration
