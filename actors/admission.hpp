// How many requests may be in the house at once (kaa.ecap.provider.queue-length): those beyond it are answered at the
// door.
#pragma once

#include <atomic>
#include <cstddef>

namespace cm::actors {

/// Counts requests between their arrival and their answer. Thread-safe and lock-free: requests come in on the NATS
/// library's threads and leave wherever they are answered.
class admission {
public:
  explicit admission(std::size_t limit) noexcept : limit_(limit) {}

  /// Counts one request in; false when the house was full already. Whoever was counted in leaves, full or not.
  [[nodiscard]] bool enter() noexcept { return inside_.fetch_add(1, std::memory_order_relaxed) < limit_; }

  void leave() noexcept { inside_.fetch_sub(1, std::memory_order_acq_rel); }

  [[nodiscard]] std::size_t inside() const noexcept { return inside_.load(std::memory_order_acquire); }

private:
  std::size_t limit_;
  std::atomic<std::size_t> inside_{0};
};

} // namespace cm::actors
