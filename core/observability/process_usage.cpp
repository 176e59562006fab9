#include "core/observability/process_usage.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <memory>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

namespace cm::core {

namespace {

// Field positions in /proc/self/stat (proc(5)), counted from the third field, the state.
constexpr std::size_t user_ticks = 11;
constexpr std::size_t system_ticks = 12;
constexpr std::size_t thread_count = 17;
constexpr std::size_t virtual_size = 20;
constexpr std::size_t resident_pages = 21;

std::uint64_t positive(long value) noexcept {
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

// The file always fits: 52 numbers of at most 20 digits and a name of at most 64 bytes.
std::string_view read_stat(std::array<char, 2048>& into) noexcept {
  const int file = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC); // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX
  if (file < 0)
    return {};
  const auto size = ::read(file, into.data(), into.size());
  ::close(file);
  return size > 0 ? std::string_view(into.data(), static_cast<std::size_t>(size)) : std::string_view{};
}

struct close_directory {
  void operator()(DIR* what) const noexcept { ::closedir(what); }
};

std::uint64_t count_descriptors() noexcept {
  const std::unique_ptr<DIR, close_directory> own{::opendir("/proc/self/fd")};
  if (!own)
    return 0;
  std::uint64_t count = 0;
  while (const auto* entry = ::readdir(own.get())) { // NOLINT(concurrency-mt-unsafe): no other thread has this stream
    if (entry->d_name[0] != '.')
      ++count;
  }
  return count > 0 ? count - 1 : 0; // without the descriptor of the directory stream itself
}

void read_heap(process_usage& out) noexcept {
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
  const auto heap = ::mallinfo2();
  out.heap_used_bytes = heap.uordblks + heap.hblkhd;
  out.heap_bytes = heap.arena + heap.hblkhd;
#else
  out.heap_used_bytes = out.heap_bytes = out.resident_bytes;
#endif
}

} // namespace

std::optional<process_usage> parse_process_stat(std::string_view text, std::uint64_t clock_ticks,
                                                std::uint64_t page_size) noexcept {
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos || clock_ticks == 0)
    return std::nullopt;
  text.remove_prefix(name_end + 1);
  std::array<std::uint64_t, resident_pages + 1> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos)
      return std::nullopt;
    text.remove_prefix(begin);
    const auto end = std::min(text.find(' '), text.size());
    const auto field = text.substr(0, end);
    const bool needed = i == user_ticks || i == system_ticks || i >= thread_count;
    const auto number = parse_number<std::uint64_t>(field);
    if (needed && i != thread_count + 1 && !number)
      return std::nullopt;
    fields[i] = number.value_or(0);
    text.remove_prefix(end);
  }
  process_usage out;
  out.cpu_seconds = static_cast<double>(fields[user_ticks] + fields[system_ticks]) / static_cast<double>(clock_ticks);
  out.threads = fields[thread_count];
  out.virtual_bytes = fields[virtual_size];
  out.resident_bytes = fields[resident_pages] * page_size;
  return out;
}

process_usage read_process_usage() noexcept {
  std::array<char, 2048> stat{};
  const auto page = positive(::sysconf(_SC_PAGESIZE));
  auto out = parse_process_stat(read_stat(stat), positive(::sysconf(_SC_CLK_TCK)), page).value_or(process_usage{});
  out.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out.max_descriptors = limit.rlim_cur;
  read_heap(out);
  std::array<double, 1> load{};
  out.load_average = ::getloadavg(load.data(), 1) == 1 ? load[0] : -1.0;

  struct sysinfo machine {};

  if (::sysinfo(&machine) == 0) {
    out.machine_bytes = std::uint64_t{machine.totalram} * machine.mem_unit;
    out.machine_free_bytes = std::uint64_t{machine.freeram} * machine.mem_unit;
  }
  out.processors = std::max<std::uint64_t>(1, positive(::sysconf(_SC_NPROCESSORS_ONLN)));
  return out;
}

} // namespace cm::core
