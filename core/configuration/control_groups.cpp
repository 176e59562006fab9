#include "core/configuration/control_groups.hpp"

#include "core/base/bounded_file.hpp"
#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <optional>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_mount_table = std::size_t{4} * 1024 * 1024;
constexpr std::size_t max_group_list = std::size_t{64} * 1024;

bool has_word(std::string_view list, std::string_view word) {
  const auto words = split(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A mounted hierarchy of control groups with the controller.
struct hierarchy {
  bool version_2 = false;
  std::string group; ///< the group that is visible at the mount point
  std::string mount_point;
};

// The kernel writes blanks and backslashes in paths as three octal digits (proc(5)).
std::string unescaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto code = text.substr(0, 4);
    const bool escaped = code.size() == 4 && code[0] == '\\'
                         && std::all_of(code.begin() + 1, code.end(), [](char c) { return c >= '0' && c <= '7'; });
    result += escaped ? static_cast<char>((code[1] - '0') * 64 + (code[2] - '0') * 8 + (code[3] - '0')) : text[0];
    text.remove_prefix(escaped ? 4 : 1);
  }
  return result;
}

// A line of /proc/self/mountinfo: "31 23 0:28 /root /mount/point options optional* - type source options".
std::optional<hierarchy> hierarchy_of(std::string_view line, std::string_view controller) {
  const auto dash = line.find(" - ");
  if (dash == std::string_view::npos)
    return std::nullopt;
  const auto before = split(line.substr(0, dash), ' ');
  const auto after = split(line.substr(dash + 3), ' ');
  if (before.size() < 6 || after.size() < 3)
    return std::nullopt;
  const bool version_2 = after[0] == "cgroup2";
  if (!version_2 && (after[0] != "cgroup" || !has_word(after[2], controller)))
    return std::nullopt;
  return hierarchy{version_2, unescaped(before[3]), unescaped(before[4])};
}

// The path of this process's group from /proc/self/cgroup, whose lines are "number:controllers:path".
std::optional<std::string> group_in(std::string_view groups, bool version_2, std::string_view controller) {
  for (const auto line : split(groups, '\n')) {
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos)
      continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    if (version_2 ? controllers.empty() && line.substr(0, first) == "0" : has_word(controllers, controller))
      return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// The path of the group below the mount point: "" or "/a/b". In a container without a namespace for control groups, the
// path in /proc/self/cgroup is the host's, and the mount shows a part of the host's tree.
std::string below_mount(const hierarchy& mounted, std::string_view group) {
  const std::string_view visible = mounted.group == "/" ? std::string_view{} : std::string_view{mounted.group};
  if (!group.starts_with(visible) || (group.size() > visible.size() && group[visible.size()] != '/'))
    return {};
  std::string below(group.substr(visible.size()));
  while (below.ends_with('/'))
    below.pop_back();
  return below.find("/..") == std::string::npos ? below : std::string{};
}

} // namespace

std::string control_group_file(const std::string& path, std::size_t max_size) {
  auto text = read_bounded_file(path, max_size);
  return text ? *std::move(text) : std::string{};
}

void for_each_control_group(const std::string& root, std::string_view controller,
                            const std::function<void(const std::string& folder, bool version_2)>& use) {
  const auto groups = control_group_file(root + "/proc/self/cgroup", max_group_list);
  const auto mounts = control_group_file(root + "/proc/self/mountinfo", max_mount_table);
  for (const auto line : split(mounts, '\n')) {
    const auto mounted = hierarchy_of(line, controller);
    if (!mounted)
      continue;
    const auto group = group_in(groups, mounted->version_2, controller);
    if (!group)
      continue;
    auto below = below_mount(*mounted, *group);
    for (;;) {
      auto folder = root;
      folder.append(mounted->mount_point).append(below);
      use(folder, mounted->version_2);
      if (below.empty())
        break;
      below.resize(below.rfind('/'));
    }
  }
}

} // namespace cm::core::configuration
