// Detects traffic of one request at a time, whose replies may bypass the egress.
#pragma once

#include <atomic>
#include <cstddef>

namespace cm::actors {

/// Sending a reply on the validator's own thread saves a message to the egress, but blocks a shared thread for one
/// flush: a gain with one request in flight, a loss as soon as others arrive meanwhile. So a reply counts as solo only
/// where the batches before it were single replies too, and no other thread was flushing. Thread-safe.
class solo_traffic_detector {
public:
  /// Single batches that must follow a sign of concurrency. Measured (docs/performance.md): values from 8 to 256 make
  /// no difference at 16 and 64 requests in flight; from 32 on the replies to a single request take longer.
  static constexpr unsigned memory = 8;

  /// To be called once per batch of `size` replies. @return whether this batch is solo traffic
  [[nodiscard]] bool is_solo(std::size_t size) noexcept {
    if (size != 1) {
      saw_others();
      return false;
    }
    // Two threads may count the same batch: the result is only a hint.
    const auto left = batches_until_solo_.load(std::memory_order_relaxed);
    if (left == 0)
      return true;
    batches_until_solo_.store(left - 1, std::memory_order_relaxed);
    return false;
  }

  /// Another thread was flushing.
  void saw_others() noexcept { batches_until_solo_.store(memory, std::memory_order_relaxed); }

private:
  std::atomic<unsigned> batches_until_solo_{0};
};

} // namespace cm::actors
