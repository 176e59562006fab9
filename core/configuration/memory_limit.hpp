// The memory that this process may use by the limits of its control groups.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace cm::core::configuration {

/// The smallest limit of nested control groups in bytes: `memory.max` of version 2, `memory.limit_in_bytes` of
/// version 1. Files that are missing or malformed count as no limit. Thread-safe.
/// @param root prefix of all paths that are read, for tests
/// @return empty if there is no limit
[[nodiscard]] std::optional<std::size_t> memory_limit(const std::string& root = {});

} // namespace cm::core::configuration
