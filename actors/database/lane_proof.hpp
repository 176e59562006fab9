// Judges whether a lane of the storage gate answers requests: a probe that takes the same way as they do.
#pragma once

#include "actors/database/completion.hpp"
#include "core/base/time.hpp"

#include <chrono>
#include <optional>

namespace cm::actors {

/// A probe of the database takes the first idle worker, and says nothing about requests that wait for a share of the
/// workers which others occupy. So each lane that is busy has a probe that waits with its requests, and has their
/// deadline. A plain class: time is a parameter. Not thread-safe.
class lane_proof {
public:
  /// Pause between two probes.
  static constexpr std::chrono::milliseconds period{500};

  /// Requests of a lane that works do not keep it busy for longer without a pause, unless there are many.
  static constexpr std::chrono::milliseconds normal{250};

  /// To be called at every tick. @param busy a request of the lane waits or is being executed
  void note(bool busy, core::steady_time now) noexcept {
    if (!busy)
      busy_since_.reset();
    else if (!busy_since_)
      busy_since_ = now;
  }

  /// Whether a probe is due; one at a time. Not for a lane without requests, unless it was stuck.
  [[nodiscard]] bool due(core::steady_time now) const noexcept {
    const bool needed = stuck_ || (busy_since_ && now - *busy_since_ >= normal);
    return needed && !probe_ && now >= next_;
  }

  /// A probe was sent; empty: the lane's queue is full, which is no verdict.
  void sent(std::optional<ticket> probe, core::steady_time now, core::steady_time deadline) noexcept {
    probe_ = probe;
    deadline_ = deadline;
    next_ = now + period;
  }

  /// Takes the result, if it is that of the lane's probe. @return whether it was
  [[nodiscard]] bool take(const completion& done, core::steady_time now) noexcept {
    if (probe_ != done.id)
      return false;
    probe_.reset();
    next_ = now + period;
    stuck_ = !done.result->has_value() && now >= deadline_; // an early error says nothing about the wait
    return true;
  }

  /// Whether the last probe was not answered by the deadline of a request.
  [[nodiscard]] bool stuck() const noexcept { return stuck_; }

  /// The database itself is down: nothing is known about the lane.
  void forget() noexcept { stuck_ = false; }

private:
  std::optional<core::steady_time> busy_since_;
  std::optional<ticket> probe_;
  core::steady_time next_{};
  core::steady_time deadline_{};
  bool stuck_ = false;
};

} // namespace cm::actors
