// The number of processors that this process may use: its affinity mask, and the CPU quota of its control groups.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace cm::core::configuration {

/// The number of processors that correspond to the CPU quota of this process, rounded up as the JVM does; at least 1.
/// Of nested control groups, the smallest quota counts: `cpu.max` of version 2, `cpu.cfs_quota_us` and
/// `cpu.cfs_period_us` of version 1. Files that are missing or malformed count as no quota. Thread-safe.
/// @param root prefix of all paths that are read, for tests
/// @return empty if there is no quota
[[nodiscard]] std::optional<std::size_t> quota_processors(const std::string& root = {});

/// The number of processors in the affinity mask, but not more than quota_processors(); at least 1. Thread-safe.
[[nodiscard]] std::size_t usable_processors();

} // namespace cm::core::configuration
