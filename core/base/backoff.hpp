// Waiting times between attempts: exponential with jitter, and the limit on restarts.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <deque>
#include <random>

namespace cm::core {

struct backoff_settings {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{5000};
  double jitter = 0.2; ///< share of the delay by which it may be shorter, 0 to 1
};

/// Doubling delays up to a cap, each shortened by a random share of at most `jitter`. Plain value, one owner.
class backoff {
public:
  explicit backoff(backoff_settings settings, std::uint64_t seed = std::random_device{}());

  /// The delay before the next attempt; the n-th is about first·2^(n-1), at most cap.
  [[nodiscard]] std::chrono::milliseconds next();

  /// To be called after a success: the next delay is the first again.
  void reset() noexcept { attempts_ = 0; }

  /// Calls of next() since the last reset.
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
  backoff_settings settings_;
  std::minstd_rand random_;
  unsigned attempts_ = 0;
};

/// Says when something that fails again and again should be given up: more than `limit` times within `window`.
class intensity_limit {
public:
  intensity_limit(unsigned limit, std::chrono::milliseconds window) : limit_(limit), window_(window) {}

  /// Counts a failure at `now`; true when that was one too many.
  [[nodiscard]] bool exceeded_by_failure_at(steady_time now);

private:
  unsigned limit_;
  std::chrono::milliseconds window_;
  std::deque<steady_time> failures_;
};

} // namespace cm::core
