// Whether this replica hears of all revocations, so that it may answer from memory (contract 4.4).
#pragma once

#include "core/base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace cm::actors {

/// An unbroken stretch of hearing.
struct hearing {
  std::uint64_t epoch = 0; ///< another one for each stretch; 0: not everything is heard

  friend bool operator==(const hearing&, const hearing&) = default;
};

/// Written by the subscription to the events of revocations, and by the library's thread that tells of an overflow;
/// read by the validators for each batch of requests. Lock-free. Shared, since a message from actor to actor would come
/// too late: the next answer must know.
class coherence {
public:
  /// Something may have been missed. Any thread.
  void lose() noexcept;

  [[nodiscard]] bool lost() const noexcept { return mark() % 2 == 0; }

  /// Changes whenever something may have been missed: to be noted before a stretch is to begin. Any thread.
  [[nodiscard]] std::uint64_t mark() const noexcept { return epoch_.load(std::memory_order_acquire); }

  /// From now on all is heard, on that connection. Refused (false) where something was missed since `mark`, or a
  /// stretch is on. One thread at a time.
  /// @param connection its address; never used but to compare
  /// @param continuity of that connection, see messaging::connection::continuity
  [[nodiscard]] bool begin(std::uint64_t mark, const void* connection, std::uint64_t continuity) noexcept;

  /// What holds for answers to requests that came over this connection: epoch 0 where they may not be answered from
  /// memory, because that connection is not the one that revocations are heard on, or was interrupted. Any thread.
  [[nodiscard]] hearing now(const void* connection, std::uint64_t continuity) const noexcept;

private:
  std::atomic<std::uint64_t> epoch_{2}; ///< odd: a stretch is on
  std::atomic<const void*> connection_{nullptr};
  std::atomic<std::uint64_t> continuity_{0};
};

/// Begins a stretch when the subscription has been there, without a break, for long enough that the servers of a NATS
/// cluster know of it, and ends it when the connection is lost. Time is a parameter.
class hearing_watch {
public:
  hearing_watch(std::shared_ptr<coherence> of, std::chrono::milliseconds settling)
    : coherence_(std::move(of)), settling_(settling) {}

  /// To be called again and again while there is a subscription.
  /// @param continuity odd while the connection is down (messaging::connection::continuity)
  /// @param confirmed the server has the subscription: no stretch begins before
  void look(const void* connection, std::uint64_t continuity, bool confirmed, core::steady_time now) noexcept;

  /// There is no subscription any more.
  void stop() noexcept;

private:
  struct attempt {
    core::steady_time since;
    std::uint64_t mark = 0;
    const void* connection = nullptr;
    std::uint64_t continuity = 0;
  };

  std::shared_ptr<coherence> coherence_;
  std::chrono::milliseconds settling_;
  std::optional<attempt> attempt_;
};

} // namespace cm::actors
