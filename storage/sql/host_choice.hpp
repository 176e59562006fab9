// The configured host that all sessions of a process prefer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cm::storage {

/// If the sessions of a process used different nodes of a cluster, they would see different states: a node may not have
/// applied yet what another session has read elsewhere. So all sessions follow one preferred host, and return to it
/// after a failure has spread them over several hosts. Thread-safe; lock-free, because every session reads it before
/// each command on its own thread.
class host_choice {
public:
  /// Index into the configured hosts.
  [[nodiscard]] std::size_t preferred() const noexcept { return preferred_.load(std::memory_order_acquire); }

  /// Changes the preferred host after a session found that it cannot connect to `from` or cannot use it. No effect if
  /// another session has changed the preference meanwhile.
  void move(std::size_t from, std::size_t to) noexcept {
    if (from != to && preferred_.compare_exchange_strong(from, to, std::memory_order_acq_rel))
      moves_.fetch_add(1, std::memory_order_acq_rel);
  }

  /// Number of changes so far: if it has increased, sessions may have to reconnect. Incremented after the change.
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_.load(std::memory_order_acquire); }

private:
  std::atomic<std::size_t> preferred_{0};
  std::atomic<std::uint64_t> moves_{0};
};

} // namespace cm::storage
