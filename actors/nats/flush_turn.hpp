// Whose turn it is to flush a NATS connection.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace cm::actors {

/// One flush at a time. Whoever has an actor's thread of its own waits for the turn; others take it only where nobody
/// has it and the last flush was quick, since they keep a scheduler's thread from everybody else meanwhile. Any thread.
class flush_turn {
public:
  /// A flush on loopback takes some 60 µs, several times as long where the machine has much else to do; beyond this a
  /// shared thread is worth more than the hop that is saved.
  static constexpr std::chrono::microseconds quick{500};

  /// Does not wait. @return whether the turn was taken: give_back follows
  [[nodiscard]] bool try_take() noexcept {
    return last_was_quick_.load(std::memory_order_relaxed) && taken_.try_lock();
  }

  /// Waits for as long as the others flush: the connection's write deadline at most, for each of them.
  void take() { taken_.lock(); }

  /// By the one whose turn it is.
  /// @param took how long the flush took
  void flushed(std::chrono::nanoseconds took) noexcept {
    last_was_quick_.store(took < quick, std::memory_order_relaxed);
  }

  void give_back() noexcept { taken_.unlock(); }

private:
  std::mutex taken_;
  std::atomic<bool> last_was_quick_{false}; ///< until the first flush has shown it
};

} // namespace cm::actors
