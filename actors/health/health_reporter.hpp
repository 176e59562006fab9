// Keeps the last report of every component. /health shows the snapshot made from them, and queries nothing itself.
#pragma once

#include "actors/interfaces/health.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

struct health_settings {
  std::chrono::milliseconds period{250};        ///< how often reports are checked for being overdue
  std::chrono::milliseconds overdue{900};       ///< a component without a report for longer is DOWN
  std::vector<std::string> warnings;            ///< shown unchanged in /health
  std::function<std::uint64_t()> lost_removals; ///< number of lost unregistered endpoints; thread-safe; may be empty
  std::chrono::milliseconds path_overdue{5000}; ///< the self-test may wait for NATS; without a report for longer,
                                                ///< actors is DOWN
  std::chrono::minutes loss_shown{60};          ///< how long a warning shows them after the last loss
};

/// Computes the overall health from the reports of the components. Not thread-safe; time is a parameter.
class health_board {
public:
  explicit health_board(health_settings settings) : settings_(std::move(settings)) {}

  /// Replaces the last report of that component.
  void take(const component_report& report, core::steady_time now);

  /// Whether CM serves requests; if not, it is not ready.
  void set_serving(bool yes) noexcept { serving_ = yes; }

  /// Sets the subjects whose subscriptions NATS does not permit; each becomes a warning.
  void set_refused(std::vector<std::string> subjects) noexcept { refused_ = std::move(subjects); }

  /// Updates the number of lost unregistered endpoints; new losses become a warning.
  /// @param total since the start of the process
  void take_losses(std::uint64_t total, core::steady_time now) noexcept;

  /// Computes the snapshot. A component is DOWN if its last report says so, is overdue or is missing; actors is DOWN
  /// too while test requests do not get through. Neither the license (contract 8) nor pending events (outbox) make the
  /// overall status DOWN.
  [[nodiscard]] core::health_snapshot look(core::steady_time now, core::timestamp wall) const;

private:
  template <class Report>
  struct last_report {
    std::optional<Report> report;
    core::steady_time at{};
  };

  health_settings settings_;
  last_report<core::database_health> db_;
  last_report<core::nats_health> nats_;
  last_report<core::license_health> license_;
  last_report<core::outbox_health> outbox_;
  last_report<core::actors_health> actors_;
  last_report<core::request_path_health> path_; ///< none before CM serves
  bool serving_ = false;
  std::vector<std::string> refused_;
  std::uint64_t lost_ = 0;        ///< lost unregistered endpoints in total
  std::uint64_t lost_before_ = 0; ///< those of them that are no longer shown
  core::steady_time loss_shown_until_{};
};

struct health_state {
  static inline const char* name = "health";
  std::optional<health_board> board;
  health_snapshot_ptr snapshot;
  core::health_status last_logged = core::health_status::unknown;
};

/// Event-based. After a restart, components are DOWN until their next report; they report every 250 ms.
health_actor::behavior_type health_reporter(health_actor::stateful_pointer<health_state> self,
                                            health_settings settings);

} // namespace cm::actors
