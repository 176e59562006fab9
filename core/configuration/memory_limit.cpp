#include "core/configuration/memory_limit.hpp"

#include "core/base/text.hpp"
#include "core/configuration/control_groups.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::core::configuration {

std::optional<std::size_t> memory_limit(const std::string& root) {
  std::optional<std::size_t> smallest;
  for_each_control_group(root, "memory", [&smallest](const std::string& folder, bool version_2) {
    // "max", and the huge number that version 1 shows instead, are no limit.
    constexpr std::int64_t most = std::int64_t{1} << 50U;
    const auto text = control_group_file(folder + (version_2 ? "/memory.max" : "/memory.limit_in_bytes"));
    if (const auto bytes = parse_number<std::int64_t>(trimmed(text), 1, most))
      smallest = std::min(smallest.value_or(static_cast<std::size_t>(*bytes)), static_cast<std::size_t>(*bytes));
  });
  return smallest;
}

} // namespace cm::core::configuration
