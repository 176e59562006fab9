// When a failed child comes back, and when its supervisor gives up: the policy, without any actor.
#pragma once

#include "core/base/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cm::actors {

struct supervision_settings {
  core::backoff_settings delay{std::chrono::milliseconds{50}, std::chrono::milliseconds{5000}, 0.2};
  std::chrono::milliseconds healthy_after{std::chrono::seconds{60}}; ///< a life this long resets the delay
  unsigned limit = 10;                                               ///< failures within `window` that are borne
  std::chrono::milliseconds window{std::chrono::seconds{60}};
};

/// The lives of one child (docs/architecture/supervision.md, "Restarts"): one-for-one, delay 50 ms doubling to 5 s,
/// reset after 60 s of health, at most 10 failures in 60 s.
class child_record {
public:
  explicit child_record(const supervision_settings& settings)
    : settings_(settings), delay_(settings.delay), intensity_(settings.limit, settings.window) {}

  /// To be called when the child was spawned.
  void started(core::steady_time now) noexcept {
    started_ = now;
    running_ = true;
  }

  /// To be called when the child ended unasked. The delay before it is to be spawned again, or nothing when it
  /// failed too often and its supervisor has to give up.
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

  /// How often the child failed since the process began.
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
