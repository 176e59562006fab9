// What the operating system says of this process (proc(5)).
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cm::core {

struct process_usage {
  double cpu_seconds = 0; ///< user and system time of all threads
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0; ///< the soft limit; 2^64-1 for none
  std::uint64_t heap_used_bytes = 0; ///< given out by the C library's allocator
  std::uint64_t heap_bytes = 0;      ///< held by it
  double load_average = 0;           ///< of the machine, one minute; negative where it is not known
  std::uint64_t machine_bytes = 0;   ///< memory of the machine
  std::uint64_t machine_free_bytes = 0;
  std::uint64_t processors = 1; ///< that are online
};

/// The fields of /proc/self/stat that process_usage has; the name of the process may hold anything, blanks and
/// brackets too. Nothing for a text of another form.
/// @param clock_ticks a second; @param page_size in bytes
[[nodiscard]] std::optional<process_usage> parse_process_stat(std::string_view text, std::uint64_t clock_ticks,
                                                              std::uint64_t page_size) noexcept;

/// Reads all of it; some 100 microseconds. Any thread. What cannot be read is 0.
[[nodiscard]] process_usage read_process_usage() noexcept;

} // namespace cm::core
