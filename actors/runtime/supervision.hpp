// The restart policy: when a failed child is spawned again, and when its supervisor gives up. Plain classes.
#pragma once

#include "core/base/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cm::actors {

struct supervision_settings {
  core::backoff_settings delay{std::chrono::milliseconds{50}, std::chrono::milliseconds{5000}, 0.2};
  std::chrono::milliseconds healthy_after{std::chrono::seconds{60}}; ///< running this long resets the delay
  unsigned limit = 10;                                               ///< failures within `window` that are tolerated
  std::chrono::milliseconds window{std::chrono::seconds{60}};
};

/// The restarts of one child (docs/architecture/supervision.md, "Restarts"). By default the delay is 50 ms, doubles to
/// at most 5 s, and is reset after 60 s without a failure; 10 failures within 60 s are tolerated. Not thread-safe.
class child_record {
public:
  explicit child_record(const supervision_settings& settings)
    : settings_(settings), delay_(settings.delay), intensity_(settings.limit, settings.window) {}

  /// The child was spawned.
  void started(core::steady_time now) noexcept {
    started_ = now;
    running_ = true;
  }

  /// The child has failed.
  /// @return the delay before it must be spawned again; empty: it failed too often, and its supervisor must give up
  [[nodiscard]] std::optional<std::chrono::milliseconds> failed(core::steady_time now) {
    if (running_ && now - started_ >= settings_.healthy_after)
      delay_.reset();
    running_ = false;
    ++restarts_;
    if (intensity_.exceeded_by_failure_at(now))
      return std::nullopt;
    return delay_.next();
  }

  [[nodiscard]] bool running() const noexcept { return running_; }

  /// The number of failures since the start of the process.
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

private:
  supervision_settings settings_;
  core::backoff delay_;
  core::intensity_limit intensity_;
  core::steady_time started_{};
  std::uint64_t restarts_ = 0;
  bool running_ = false;
};

} // namespace cm::actors
