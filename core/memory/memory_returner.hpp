// Gives memory back to the operating system after a flood.
#pragma once

#include "core/base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>

namespace cm::core {

/// The C library keeps freed memory. What the process has in memory beyond what it uses is returned when it has grown
/// by more than `tolerance` and a tenth of what is used. Time is a parameter.
class memory_returner {
public:
  struct system {
    std::function<std::size_t()> resident; ///< bytes of the process in memory; cheap
    std::function<std::size_t()> used;     ///< bytes that the allocator has given out
    std::function<void()> trim;            ///< returns free memory; takes milliseconds
  };

  /// The process itself. Without the GNU C library nothing is ever returned.
  [[nodiscard]] static system process();

  /// What is in memory now counts as what the process has without a flood.
  explicit memory_returner(system of);

  /// Whether run() may have something to do. Cheap. Any thread.
  [[nodiscard]] bool due(steady_time now) const;

  /// Returns memory if there is enough of it, at most every 10 s. May take some 10 ms, while other threads wait for the
  /// allocator now and then. One thread at a time.
  /// @return bytes that were returned
  std::size_t run(steady_time now);

private:
  static constexpr std::size_t tolerance = std::size_t{4} * 1024 * 1024;
  static constexpr std::chrono::milliseconds pause{10'000};

  [[nodiscard]] std::size_t slack(std::size_t resident) const;

  system system_;
  std::size_t normal_;                    ///< bytes in memory without a flood
  std::size_t normal_slack_ = 0;          ///< bytes in memory beyond those used, likewise
  std::atomic<steady_time::rep> next_{0}; ///< earliest time of the next trim
};

} // namespace cm::core
