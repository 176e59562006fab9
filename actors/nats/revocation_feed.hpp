// Whether this replica receives every revocation event, so that it may answer from memory (contract 4.4).
#pragma once

#include "core/base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace cm::actors {

/// An interval in which no revocation event can have been missed.
struct gap_free_interval {
  std::uint64_t epoch = 0; ///< feed epoch: different for each interval; 0: an event may be missed at present

  friend bool operator==(const gap_free_interval&, const gap_free_interval&) = default;
};

/// The state of the feed of revocation events. Written by the subscription to these events and by the library's thread
/// that reports an overflow; read by the validators for each batch of requests. Thread-safe and lock-free. A shared
/// object, because a message to the validators would arrive too late: the next answer must already know of a gap.
class revocation_feed {
public:
  /// An event may have been missed: ends the interval. Any thread.
  void lose() noexcept;

  [[nodiscard]] bool lost() const noexcept { return mark() % 2 == 0; }

  /// Changes whenever an event may have been missed: read it before an interval is to begin. Any thread.
  [[nodiscard]] std::uint64_t mark() const noexcept { return epoch_.load(std::memory_order_acquire); }

  /// Begins an interval: from now on every event arrives on that connection. One thread at a time.
  /// @param mark as mark() returned it before the checks
  /// @param connection its address, used for comparison only
  /// @param continuity of that connection, see messaging::connection::continuity
  /// @return false: an event may have been missed since `mark`, or an interval is open already
  [[nodiscard]] bool begin(std::uint64_t mark, const void* connection, std::uint64_t continuity) noexcept;

  /// The interval that holds for requests which came over this connection. Any thread.
  /// @return epoch 0 where they must not be answered from memory: the events arrive on another connection, or this one
  ///         was interrupted
  [[nodiscard]] gap_free_interval now(const void* connection, std::uint64_t continuity) const noexcept;

private:
  std::atomic<std::uint64_t> epoch_{2}; ///< odd: an interval is open
  std::atomic<const void*> connection_{nullptr};
  std::atomic<std::uint64_t> continuity_{0};
};

/// Begins an interval when the subscription has existed without interruption for so long that the servers of a NATS
/// cluster know of it, and ends it when the connection is lost. Not thread-safe; time is a parameter.
class feed_watch {
public:
  feed_watch(std::shared_ptr<revocation_feed> feed, std::chrono::milliseconds settling)
    : feed_(std::move(feed)), settling_(settling) {}

  /// To be called repeatedly while there is a subscription.
  /// @param continuity odd while the connection is down (messaging::connection::continuity)
  /// @param confirmed the server has the subscription: no interval begins before
  void look(const void* connection, std::uint64_t continuity, bool confirmed, core::steady_time now) noexcept;

  /// The subscription has ended.
  void stop() noexcept;

private:
  struct attempt {
    core::steady_time since;
    std::uint64_t mark = 0;
    const void* connection = nullptr;
    std::uint64_t continuity = 0;
  };

  std::shared_ptr<revocation_feed> feed_;
  std::chrono::milliseconds settling_;
  std::optional<attempt> attempt_;
};

} // namespace cm::actors
