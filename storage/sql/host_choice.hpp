// Which of the configured hosts all sessions of a process use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cm::storage {

/// Sessions that are spread over the nodes of a cluster would each see its node's state: one reads what another has not
/// applied yet. So all sessions of a process follow one preferred host, and go back to it after a failure scattered
/// them. Shared by the sessions of a process; lock-free, since each runs on a thread of its own and looks before every
/// command.
class host_choice {
public:
  /// Index into the configured hosts.
  [[nodiscard]] std::size_t preferred() const noexcept { return preferred_.load(std::memory_order_acquire); }

  /// A session found that `from` cannot be used, or could not be connected to, and `to` is next. Without effect where
  /// another session has changed the choice since.
  void move(std::size_t from, std::size_t to) noexcept {
    if (from != to && preferred_.compare_exchange_strong(from, to, std::memory_order_acq_rel))
      moves_.fetch_add(1, std::memory_order_acq_rel);
  }

  /// How often the choice has changed: a difference tells that sessions may have to follow. Counted after the change.
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_.load(std::memory_order_acquire); }

private:
  std::atomic<std::size_t> preferred_{0};
  std::atomic<std::uint64_t> moves_{0};
};

} // namespace cm::storage
