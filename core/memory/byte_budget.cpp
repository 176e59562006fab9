#include "core/memory/byte_budget.hpp"

#include <algorithm>

namespace cm::core {

std::size_t protocol_buffer_bytes(std::size_t memory_budget) noexcept {
  constexpr std::size_t least = std::size_t{4} * 1024 * 1024;
  constexpr std::size_t share = 8;
  return std::max(least, memory_budget / share);
}

bool byte_budget::try_take(std::size_t bytes) noexcept {
  auto held = held_.load(std::memory_order_relaxed);
  do {
    if (held > limit_ || bytes > limit_ - held) {
      refusals_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  const auto now = held + bytes;
  auto peak = peak_.load(std::memory_order_relaxed);
  while (peak < now && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    // `peak` was reloaded
  }
  return true;
}

void byte_budget::give_back(std::size_t bytes) noexcept {
  held_.fetch_sub(bytes, std::memory_order_relaxed);
}

std::size_t byte_budget::take_peak() noexcept {
  const auto now = held();
  return std::max(peak_.exchange(now, std::memory_order_relaxed), now);
}

bool byte_share::grow_to(std::size_t bytes) noexcept {
  if (bytes <= bytes_)
    return true;
  if (budget_ && !budget_->try_take(bytes - bytes_))
    return false;
  bytes_ = bytes;
  return true;
}

void byte_share::shrink_to(std::size_t bytes) noexcept {
  if (bytes >= bytes_)
    return;
  if (budget_)
    budget_->give_back(bytes_ - bytes);
  bytes_ = bytes;
}

} // namespace cm::core
