// Judges by round trips whether the NATS server answers.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cm::actors {

struct link_pulse_settings {
  std::chrono::milliseconds patience{500}; ///< a round trip that takes longer means that the server is down
  std::chrono::milliseconds silence{700};  ///< a round trip that takes longer may mean that the connection is dead

  /// Two looks at the connection that are further apart than this prove nothing: CM itself was not running.
  std::chrono::milliseconds late{300};

  /// Bytes within `silence` from which on the answer may wait behind other data, so that the server is not silent.
  std::uint64_t busy_bytes = std::uint64_t{1024} * 1024;
};

/// A plain class: time is a parameter. Not thread-safe.
class link_pulse {
public:
  explicit link_pulse(link_pulse_settings settings) : settings_(settings) {}

  void connected(bool yes) noexcept {
    connected_ = yes;
    proven_ = false;
    started_.reset();
    window_.reset();
  }

  /// To be called before a round trip begins. @return false: one is under way already, so do not begin another
  [[nodiscard]] bool start_round_trip(core::steady_time now) noexcept {
    if (started_)
      return false;
    started_ = now;
    window_.reset();
    return true;
  }

  /// The round trip has returned.
  void round_trip_returned() noexcept {
    started_.reset();
    window_.reset();
    proven_ = connected_;
  }

  [[nodiscard]] bool connected() const noexcept { return connected_; }

  [[nodiscard]] bool stalled(core::steady_time now) const noexcept {
    return connected_ && started_ && now - *started_ > settings_.patience;
  }

  /// Connected, a round trip on this connection has returned, and none is overdue.
  [[nodiscard]] bool up(core::steady_time now) const noexcept { return proven_ && !stalled(now); }

  /// Whether a round trip has been under way for so long that silent() should look at the connection.
  [[nodiscard]] bool doubtful(core::steady_time now) const noexcept {
    return connected_ && started_ && now - *started_ >= settings_.silence / 4;
  }

  /// Whether the connection may be dead although it looks connected: nothing answers, and CM itself is not the reason.
  /// To be called several times within `silence` while doubtful(): only a caller that ran in time can tell that the
  /// server is late.
  /// @param received bytes that the connection has received in all
  [[nodiscard]] bool silent(core::steady_time now, std::uint64_t received) noexcept {
    if (!doubtful(now))
      return false;
    const bool fresh = !window_ || now - window_->last > settings_.late || received < window_->bytes
                       || received - window_->bytes >= settings_.busy_bytes;
    if (fresh) {
      window_ = window{now, now, received};
      return false;
    }
    window_->last = now;
    return now - *started_ >= settings_.silence && now - window_->begin >= settings_.silence / 2;
  }

private:
  /// A time in which CM looked often enough, and little data arrived.
  struct window {
    core::steady_time begin;
    core::steady_time last;
    std::uint64_t bytes; ///< received until `begin`
  };

  link_pulse_settings settings_;
  std::optional<core::steady_time> started_;
  std::optional<window> window_;
  bool connected_ = false;
  bool proven_ = false;
};

} // namespace cm::actors
