// Retry delays (exponential backoff with jitter) and the limit on restarts.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <deque>
#include <random>

namespace cm::core {

struct backoff_settings {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{5000};
  double jitter = 0.2; ///< largest fraction by which a delay is shortened, 0 to 1
};

/// Doubling delays up to a cap, each shortened by a random fraction of at most `jitter`. Not thread-safe.
class backoff {
public:
  explicit backoff(backoff_settings settings, std::uint64_t seed = std::random_device{}());

  /// The delay before the next attempt. The n-th delay is about first·2^(n-1), at most cap.
  [[nodiscard]] std::chrono::milliseconds next();

  /// Call this after a success: the next delay is `first` again.
  void reset() noexcept { attempts_ = 0; }

  /// Number of calls of next() since the last reset.
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
  backoff_settings settings_;
  std::minstd_rand random_;
  unsigned attempts_ = 0;
};

/// Restart intensity limit: exceeded when more than `limit` failures occur within `window`. Not thread-safe.
class intensity_limit {
public:
  intensity_limit(unsigned limit, std::chrono::milliseconds window) : limit_(limit), window_(window) {}

  /// Counts a failure at `now` and returns whether the limit is now exceeded.
  [[nodiscard]] bool exceeded_by_failure_at(steady_time now);

private:
  unsigned limit_;
  std::chrono::milliseconds window_;
  std::deque<steady_time> failures_;
};

} // namespace cm::core
