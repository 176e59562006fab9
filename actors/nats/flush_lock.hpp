// One flush of a NATS connection at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace cm::actors {

/// A mutex for flushing. The actor with a thread of its own (nats-egress) waits for it with lock(). Actors on shared
/// scheduler threads use try_lock(), which fails not only while another thread flushes but also after a slow flush:
/// they must not block a shared thread. Thread-safe.
class flush_lock {
public:
  /// A flush on loopback takes some 60 µs, several times as long on a busy machine. Above this limit blocking a shared
  /// thread costs more than the message to the egress that is saved.
  static constexpr std::chrono::microseconds quick{500};

  /// Does not wait. @return whether the lock was taken; unlock() must follow then
  [[nodiscard]] bool try_lock() noexcept {
    return last_was_quick_.load(std::memory_order_relaxed) && mutex_.try_lock();
  }

  /// Waits for flushes under way, each of which takes at most the connection's write deadline.
  void lock() { mutex_.lock(); }

  void unlock() noexcept { mutex_.unlock(); }

  /// Records how long a flush took. @pre the caller holds the lock
  void flushed(std::chrono::nanoseconds took) noexcept {
    last_was_quick_.store(took < quick, std::memory_order_relaxed);
  }

private:
  std::mutex mutex_;
  std::atomic<bool> last_was_quick_{false}; ///< false until the first flush was measured
};

} // namespace cm::actors
