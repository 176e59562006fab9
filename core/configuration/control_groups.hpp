// The control groups of this process, versions 1 and 2, in which limits are looked up.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cm::core::configuration {

/// Calls `use` with the folder of the process's group and of each of its ancestors up to the mount point, since the
/// limit of a group also binds the groups below it. Thread-safe.
/// @param root prefix of all paths, for tests
/// @param controller of version 1, as "cpu"; in version 2 all controllers share one hierarchy
void for_each_control_group(const std::string& root, std::string_view controller,
                            const std::function<void(const std::string& folder, bool version_2)>& use);

/// The content of a file; empty if it cannot be read.
[[nodiscard]] std::string control_group_file(const std::string& path, std::size_t max_size = 256);

} // namespace cm::core::configuration
