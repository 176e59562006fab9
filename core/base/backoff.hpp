// Retry delays (exponential backoff with jitter) and the limit on restarts.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <deque>
#include <optional>
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

/// The delays before attempts to connect. They go on where they were until a connection has lasted: a server that
/// accepts connections and ends them at once is a failure like one that refuses them. Not thread-safe.
class connection_backoff {
public:
  /// The time after which a connection counts as a success.
  static constexpr std::chrono::milliseconds proven_after{10'000};

  explicit connection_backoff(backoff_settings settings, std::chrono::milliseconds lasting = proven_after)
    : delays_(settings), lasting_(lasting) {}

  /// A connection was made.
  void connected(steady_time at) noexcept { since_ = at; }

  /// Whether the current connection has lasted.
  [[nodiscard]] bool lasts(steady_time now) const noexcept { return since_ && now - *since_ >= lasting_; }

  /// The connection was lost.
  void lost(steady_time now) noexcept {
    if (lasts(now))
      delays_.reset();
    since_.reset();
  }

  /// An attempt has failed, or the connection was lost at `now`. @return the delay before the next attempt
  [[nodiscard]] std::chrono::milliseconds next(steady_time now) {
    lost(now);
    return delays_.next();
  }

  /// The number of calls of next() since the last connection that lasted.
  [[nodiscard]] unsigned attempts() const noexcept { return delays_.attempts(); }

private:
  backoff delays_;
  std::chrono::milliseconds lasting_;
  std::optional<steady_time> since_; ///< of the current connection
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
