// Resource usage of this process and its machine, from proc(5).
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
  std::uint64_t max_descriptors = 0; ///< the soft limit; 2^64-1: no limit
  std::uint64_t heap_used_bytes = 0; ///< allocated by the program through malloc
  std::uint64_t heap_bytes = 0;      ///< obtained from the system by malloc
  double load_average = 0;           ///< of the machine over one minute; negative if unknown
  std::uint64_t machine_bytes = 0;   ///< memory of the machine
  std::uint64_t machine_free_bytes = 0;
  std::uint64_t processors = 1; ///< online processors
};

/// Parses the fields of /proc/self/stat that process_usage has. The process name may contain any characters, including
/// spaces and parentheses. Empty if the text has another format.
/// @param clock_ticks per second
/// @param page_size in bytes
[[nodiscard]] std::optional<process_usage> parse_process_stat(std::string_view text, std::uint64_t clock_ticks,
                                                              std::uint64_t page_size) noexcept;

/// Reads the current usage; takes about 100 microseconds. Values that cannot be read are 0. Thread-safe.
[[nodiscard]] process_usage read_process_usage() noexcept;

} // namespace cm::core
