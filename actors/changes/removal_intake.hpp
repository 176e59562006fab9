// Adds endpoints of the NATS subscription to the removal backlog, and decides what happens while it is full.
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/changes/removal_losses.hpp"
#include "actors/changes/removal_metrics.hpp"
#include "core/base/time.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace cm::actors {

struct removal_intake_settings {
  /// How often nearly_full() and ending() are checked while the backlog is full.
  std::chrono::milliseconds slice{5};

  /// Total time to wait for space after the subscription has begun to end. Must be shorter than the time that the NATS
  /// library gets to deliver the rest of its queue: until then each remaining endpoint is added, or named as lost.
  std::chrono::milliseconds last_wait{2000};

  std::function<void()> announce;    ///< notifies the remover of new endpoints
  std::function<bool()> nearly_full; ///< whether the NATS library's queue is about to overflow, which loses messages
  std::function<bool()> ending;      ///< whether the subscription is ending
};

/// Adds endpoints to the backlog. While the backlog is full it blocks, so that further events queue in the NATS
/// library. If that queue is nearly full too, or the subscription ends, it drops endpoints itself and names each in the
/// log; the library would drop them unread. Not thread-safe.
class removal_intake {
public:
  removal_intake(std::shared_ptr<removal_backlog> backlog, std::shared_ptr<removal_metrics> metrics,
                 removal_intake_settings settings)
    : backlog_(std::move(backlog)), settings_(std::move(settings)),
      losses_(std::move(metrics), removal_loss::overflow) {}

  /// Adds an endpoint, or drops it as lost. Blocks while the backlog is full and waiting is allowed.
  void take(std::string_view endpoint_id, std::string_view correlation_id);

  /// To be called after each batch of messages: notifies the remover, and logs losses.
  void flush();

private:
  [[nodiscard]] bool may_wait();

  std::shared_ptr<removal_backlog> backlog_;
  removal_intake_settings settings_;
  removal_losses losses_;
  std::optional<std::chrono::steady_clock::time_point> give_up_at_;
  bool news_ = false;
};

} // namespace cm::actors
