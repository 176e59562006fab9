// What the sessions of a process know together about the configured hosts: which one they prefer, and which ones
// failed.
#pragma once

#include "core/base/time.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cm::storage {

/// If the sessions of a process used different nodes of a cluster, they would see different states: a node may not have
/// applied yet what another session has read elsewhere. So all sessions follow one preferred host, and return to it
/// after a failure has spread them over several hosts. A host that failed is tried last for some time, so that not
/// every session finds out by itself. Thread-safe; lock-free, because every session reads it before each command on its
/// own thread. Hosts are indices into the configured hosts; nothing is remembered of those from max_hosts on.
class host_choice {
public:
  static constexpr std::size_t max_hosts = 32;

  /// How long a host that failed is tried after the others.
  static constexpr std::chrono::milliseconds memory{10'000};

  /// How long a host may send nothing while a session connects, if there are others. Doubles with every failure of this
  /// kind, so that a slow host is reached in the end.
  static constexpr std::chrono::milliseconds first_patience{1000};

  [[nodiscard]] std::size_t preferred() const noexcept { return preferred_.load(std::memory_order_acquire); }

  /// Changes the preferred host after a session found that it cannot connect to `from` or cannot use it. No effect if
  /// another session has changed the preference meanwhile.
  void move(std::size_t from, std::size_t to) noexcept;

  /// Number of changes so far: if it has increased, sessions may have to reconnect. Incremented after the change.
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_.load(std::memory_order_acquire); }

  // -- failures -------------------------------------------------------------------------------------------------------

  /// The host cannot be reached or cannot work.
  /// @param silent it accepts connections, or keeps them open, and sends nothing
  void failed(std::size_t host, core::steady_time now, bool silent) noexcept;

  /// The host has executed a command: forgets its failures.
  void served(std::size_t host) noexcept;

  /// Whether the host has failed within `memory`.
  [[nodiscard]] bool failed_lately(std::size_t host, core::steady_time now) const noexcept;

  /// Whether a session found within `memory` that the host is silent: others need not wait to find out too.
  [[nodiscard]] bool silent(std::size_t host, core::steady_time now) const noexcept;

  /// Whether there is a host other than this one that has not failed lately.
  [[nodiscard]] bool has_alternative(std::size_t host, std::size_t count, core::steady_time now) const noexcept;

  /// The hosts 0 to count - 1 in the order in which to try them: from the preferred one on, in the configured order;
  /// then those that failed lately, the earliest failure first.
  [[nodiscard]] std::vector<std::size_t> order(std::size_t count, core::steady_time now) const;

  /// How long the host may send nothing while a session connects to it.
  /// @param count number of hosts; the only one has `limit`
  [[nodiscard]] std::chrono::milliseconds patience(std::size_t host, std::size_t count,
                                                   std::chrono::milliseconds limit) const noexcept;

  // -- inspections ----------------------------------------------------------------------------------------------------

  /// Only one session at a time opens an additional connection in order to look why its own is silent. Holds that right
  /// until its end, if it got it. Must not outlive the host_choice.
  class inspection {
  public:
    explicit inspection(host_choice& hosts) noexcept
      : hosts_(&hosts), granted_(!hosts.inspecting_.exchange(true, std::memory_order_acq_rel)) {}

    ~inspection() {
      if (granted_)
        hosts_->inspecting_.store(false, std::memory_order_release);
    }

    inspection(const inspection&) = delete;
    inspection& operator=(const inspection&) = delete;

    /// false: another session inspects
    [[nodiscard]] bool granted() const noexcept { return granted_; }

  private:
    host_choice* hosts_;
    bool granted_;
  };

private:
  struct record {
    std::atomic<std::int64_t> failed_at{0}; ///< steady clock, in its own unit; 0: never, or forgotten
    std::atomic<bool> silent{false};
    std::atomic<std::uint8_t> silences{0}; ///< failures of this kind since the host served
  };

  [[nodiscard]] std::int64_t failure_of(std::size_t host, core::steady_time now) const noexcept;

  std::atomic<std::size_t> preferred_{0};
  std::atomic<std::uint64_t> moves_{0};
  std::atomic<bool> inspecting_{false};
  std::array<record, max_hosts> records_;
};

} // namespace cm::storage
