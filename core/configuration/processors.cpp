#include "core/configuration/processors.hpp"

#include "core/base/text.hpp"
#include "core/configuration/control_groups.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <cstdint>
#include <sched.h>
#include <string_view>

namespace cm::core::configuration {

namespace {

// Quota and period as a number of processors, rounded up; empty if there is no quota.
std::optional<std::size_t> processors(std::string_view quota, std::string_view period) {
  constexpr std::int64_t max_us = std::int64_t{1} << 40U;
  const auto used = parse_number<std::int64_t>(trimmed(quota), 1, max_us); // "max" and -1 are no quota
  const auto of = parse_number<std::int64_t>(trimmed(period), 1, max_us);
  if (!used || !of)
    return std::nullopt;
  return static_cast<std::size_t>((*used + *of - 1) / *of);
}

std::optional<std::size_t> quota_of(const std::string& directory, bool version_2) {
  if (!version_2)
    return processors(control_group_file(directory + "/cpu.cfs_quota_us"),
                      control_group_file(directory + "/cpu.cfs_period_us"));
  constexpr std::string_view default_period = "100000";
  const auto text = control_group_file(directory + "/cpu.max");
  const auto value = trimmed(text);
  const auto blank = value.find(' ');
  return processors(value.substr(0, blank), blank == std::string_view::npos ? default_period : value.substr(blank + 1));
}

std::size_t processors_in_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0)
    return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&mask)));
}

} // namespace

std::optional<std::size_t> quota_processors(const std::string& root) {
  std::optional<std::size_t> smallest;
  for_each_control_group(root, "cpu", [&smallest](const std::string& folder, bool version_2) {
    if (const auto quota = quota_of(folder, version_2))
      smallest = std::min(smallest.value_or(*quota), *quota);
  });
  return smallest;
}

std::size_t usable_processors() {
  const auto mask = processors_in_mask();
  return std::min(mask, quota_processors().value_or(mask));
}

} // namespace cm::core::configuration
