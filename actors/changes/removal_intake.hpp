// From the subscription to the backlog of removals: what happens when there is no room.
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/changes/removal_losses.hpp"
#include "core/base/time.hpp"
#include "core/observability/metrics.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace cm::actors {

struct removal_intake_settings {
  /// How often the two functions below are asked while there is no room.
  std::chrono::milliseconds slice{5};

  /// How long it waits for room, all in all, once the subscription ends. Less than the time that the NATS library is
  /// given for the rest of its queue: what is left then has to be taken in or named.
  std::chrono::milliseconds last_wait{2000};

  std::function<void()> announce;    ///< tells the remover that there is work
  std::function<bool()> nearly_full; ///< whether the NATS library is about to drop messages, unread
  std::function<bool()> ending;      ///< whether the subscription ends
};

/// Takes endpoints into the backlog; at its bound it waits, so that the library's queue takes the next ones. Where that
/// is nearly full too, and when the subscription has to end, it drops endpoints itself, so that each is named. On one
/// thread.
class removal_intake {
public:
  removal_intake(std::shared_ptr<removal_backlog> backlog, std::shared_ptr<core::metrics> metrics,
                 removal_intake_settings settings)
    : backlog_(std::move(backlog)), settings_(std::move(settings)),
      losses_(std::move(metrics), core::removal_loss::overflow) {}

  /// Blocks while there is no room.
  void take(std::string_view endpoint_id, std::string_view correlation_id);

  /// Nothing more comes for now: the remover is told, losses are logged.
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
