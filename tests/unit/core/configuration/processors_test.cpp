#include "catch.hpp"
#include "core/configuration/memory_limit.hpp"
#include "core/configuration/processors.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <utility>

using namespace cm::core::configuration;

namespace {

/// A root directory with the files of /proc and /sys that the process would see.
class machine {
public:
  machine(const std::string& groups, const std::string& mounts,
          std::initializer_list<std::pair<std::string, std::string>> files = {}) {
    write("/proc/self/cgroup", groups);
    write("/proc/self/mountinfo", "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n" + mounts);
    for (const auto& [path, text] : files)
      write(path, text);
  }

  ~machine() { std::filesystem::remove_all(root_); }

  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;

  [[nodiscard]] std::optional<std::size_t> processors() const { return quota_processors(root_); }

  [[nodiscard]] std::optional<std::size_t> memory() const { return memory_limit(root_); }

private:
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  static std::string make_root() {
    auto name = (std::filesystem::temp_directory_path() / "cm-processors-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return name;
  }

  std::string root_ = make_root();
};

const std::string version_2 = "30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string version_1 = "33 22 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
                              "34 22 0:30 / /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset\n";
const std::string cpu_1 = "/sys/fs/cgroup/cpu,cpuacct";

} // namespace

TEST_CASE("without control groups, files or a quota there is no limit") {
  CHECK(machine("", "").processors() == std::nullopt);
  CHECK(quota_processors("/no/such/directory") == std::nullopt);
  CHECK(machine("0::/\n", version_2).processors() == std::nullopt);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/cpu.max", "max 100000\n"}}).processors() == std::nullopt);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/cpu.max", "garbage\n"}}).processors() == std::nullopt);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/cpu.max", "200000 0\n"}}).processors() == std::nullopt);
  CHECK(machine("4:cpu,cpuacct:/\n", version_1,
                {{cpu_1 + "/cpu.cfs_quota_us", "-1\n"}, {cpu_1 + "/cpu.cfs_period_us", "100000\n"}})
          .processors()
        == std::nullopt);
}

TEST_CASE("the quota of version 2 is rounded up, and is at least one processor") {
  const auto [text, expected] = GENERATE(table<std::string, std::size_t>({
    {"200000 100000\n", 2},
    {"150000 100000\n", 2},
    {"100001 100000\n", 2},
    {"100000 100000\n", 1},
    {"1000 100000\n", 1},
    {"50000 10000\n", 5},
    {"300000\n", 3}, // the period is 100 ms by default
    {"6400000 100000\n", 64},
  }));
  INFO(text);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/cpu.max", text}}).processors() == expected);
}

TEST_CASE("the quota of version 1 is that of the hierarchy with the controller cpu") {
  const machine limited("9:name=systemd:/pods\n5:cpuset:/other\n4:cpu,cpuacct:/pods/one\n0::/pods\n", version_1,
                        {{cpu_1 + "/pods/one/cpu.cfs_quota_us", "250000\n"},
                         {cpu_1 + "/pods/one/cpu.cfs_period_us", "100000\n"},
                         {"/sys/fs/cgroup/cpuset/other/cpu.cfs_quota_us", "100000\n"},
                         {"/sys/fs/cgroup/cpuset/other/cpu.cfs_period_us", "100000\n"}});
  CHECK(limited.processors() == 3U);
}

TEST_CASE("of nested groups the smallest quota counts, whichever of them has it") {
  const std::string base = "/sys/fs/cgroup";
  const auto with = [&](const std::string& outer, const std::string& middle, const std::string& inner) {
    return machine("0::/kubepods/pod-1/container\n", version_2,
                   {{base + "/kubepods/cpu.max", outer},
                    {base + "/kubepods/pod-1/cpu.max", middle},
                    {base + "/kubepods/pod-1/container/cpu.max", inner}})
      .processors();
  };
  CHECK(with("max 100000", "max 100000", "200000 100000") == 2U);
  CHECK(with("max 100000", "200000 100000", "max 100000") == 2U);
  CHECK(with("300000 100000", "max 100000", "max 100000") == 3U);
  CHECK(with("300000 100000", "200000 100000", "400000 100000") == 2U);
  CHECK(machine("4:cpu:/a/b\n", "33 22 0:29 / /cg rw - cgroup cgroup rw,cpu\n",
                {{"/cg/a/cpu.cfs_quota_us", "100000"},
                 {"/cg/a/cpu.cfs_period_us", "100000"},
                 {"/cg/a/b/cpu.cfs_quota_us", "900000"},
                 {"/cg/a/b/cpu.cfs_period_us", "100000"}})
          .processors()
        == 1U);
}

TEST_CASE("in a container the mount shows a part of the host's tree") {
  // Without a namespace for control groups, the process sees the host's path.
  const std::string mounted = "33 22 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  const std::string quota = "/sys/fs/cgroup/cpu";
  CHECK(machine("4:cpu:/docker/abc\n", mounted,
                {{quota + "/cpu.cfs_quota_us", "200000"}, {quota + "/cpu.cfs_period_us", "100000"}})
          .processors()
        == 2U);
  CHECK(machine("4:cpu:/docker/abc/child\n", mounted,
                {{quota + "/child/cpu.cfs_quota_us", "100000"}, {quota + "/child/cpu.cfs_period_us", "100000"}})
          .processors()
        == 1U);
  // A path outside of the mount, as after a move to another group: the mount point counts.
  for (const auto* path : {"/docker/abcdef", "/other", "/../.."}) {
    INFO(path);
    CHECK(machine(std::string("4:cpu:") + path + "\n", mounted,
                  {{quota + "/cpu.cfs_quota_us", "200000"}, {quota + "/cpu.cfs_period_us", "100000"}})
            .processors()
          == 2U);
  }
}

TEST_CASE("mount points with blanks are found, and both versions at once count") {
  const machine both("1:cpu:/\n0::/\n",
                     "33 22 0:29 / /c\\040groups/cpu rw shared:1 - cgroup cgroup rw,cpu\n"
                     "34 22 0:30 / /unified rw - cgroup2 none rw\n",
                     {{"/c groups/cpu/cpu.cfs_quota_us", "400000"},
                      {"/c groups/cpu/cpu.cfs_period_us", "100000"},
                      {"/unified/cpu.max", "300000 100000"}});
  CHECK(both.processors() == 3U);
}

TEST_CASE("not more processors are usable than the affinity mask has, and at least one") {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
  CHECK(usable_processors() >= 1);
  CHECK(usable_processors() <= static_cast<std::size_t>(CPU_COUNT(&mask)));
}

TEST_CASE("the smallest memory limit of nested control groups counts, of both versions") {
  CHECK(machine("0::/\n", version_2).memory() == std::nullopt);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/memory.max", "max\n"}}).memory() == std::nullopt);
  CHECK(machine("0::/\n", version_2, {{"/sys/fs/cgroup/memory.max", "garbage\n"}}).memory() == std::nullopt);
  CHECK(machine("0::/a/b\n", version_2,
                {{"/sys/fs/cgroup/a/memory.max", "134217728\n"}, {"/sys/fs/cgroup/a/b/memory.max", "268435456\n"}})
          .memory()
        == 134'217'728);
  const std::string memory_1 = "33 22 0:29 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n";
  const std::string limit = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
  CHECK(machine("4:memory:/\n", memory_1, {{limit, "134217728\n"}}).memory() == 134'217'728);
  CHECK(machine("4:memory:/\n", memory_1, {{limit, "9223372036854771712\n"}}).memory() == std::nullopt);
  CHECK(machine("4:cpu:/\n", version_1, {{cpu_1 + "/memory.limit_in_bytes", "134217728\n"}}).memory() == std::nullopt);
}
