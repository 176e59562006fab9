// Limits how many imports, or exports, run at once.
#pragma once

#include "core/observability/counters.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cm::actors {

/// The place of one stream; the end of the last copy gives it back.
using stream_slot = std::shared_ptr<void>;

/// Any thread. None of the functions blocks.
class stream_slots : public std::enable_shared_from_this<stream_slots> {
public:
  explicit stream_slots(std::size_t limit) : limit_(limit) {}

  /// @return null if `limit` streams run; this is counted
  [[nodiscard]] stream_slot take() {
    if (running_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
      running_.fetch_sub(1, std::memory_order_relaxed);
      refused_.add(1);
      return nullptr;
    }
    return {this,
            [self = shared_from_this()](void* /*slots*/) { self->running_.fetch_sub(1, std::memory_order_relaxed); }};
  }

  [[nodiscard]] std::size_t running() const noexcept { return running_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.value(); }

private:
  std::size_t limit_;
  std::atomic<std::size_t> running_{0};
  core::shared_counter refused_;
};

} // namespace cm::actors
