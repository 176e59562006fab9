// Keeps the last word of every component; what /health shows is its snapshot and nothing else.
#pragma once

#include "actors/interfaces/health.hpp"
#include "core/observability/metrics.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

struct health_settings {
  std::chrono::milliseconds period{250};        ///< how often overdue reports are looked for
  std::chrono::milliseconds overdue{900};       ///< a component that is silent for so long is shown as down
  std::vector<std::string> warnings;            ///< shown as they are
  std::shared_ptr<const core::metrics> metrics; ///< with the unregistered endpoints that were lost; may be null
  std::chrono::minutes loss_shown{60};          ///< for how long they are shown after the last
};

/// The verdict over the components. A plain class: time is a parameter.
class health_board {
public:
  explicit health_board(health_settings settings) : settings_(std::move(settings)) {}

  void take(const component_report& report, core::steady_time now);

  void set_serving(bool yes) noexcept { serving_ = yes; }

  /// Each makes a warning.
  void set_refused(std::vector<std::string> subjects) noexcept { refused_ = std::move(subjects); }

  /// Those of them that are new make a warning.
  /// @param total of the unregistered endpoints that were lost since the process began
  void take_losses(std::uint64_t total, core::steady_time now) noexcept;

  /// A component is down when it says so or says nothing. Neither the license (contract 8) nor events that wait for
  /// NATS take the whole down.
  [[nodiscard]] core::health_snapshot look(core::steady_time now, core::timestamp wall) const;

private:
  template <class Report>
  struct heard {
    std::optional<Report> report;
    core::steady_time at{};
  };

  health_settings settings_;
  heard<core::database_health> db_;
  heard<core::nats_health> nats_;
  heard<core::license_health> license_;
  heard<core::outbox_health> outbox_;
  heard<core::actors_health> actors_;
  bool serving_ = false;
  std::vector<std::string> refused_;
  std::uint64_t lost_ = 0;        ///< unregistered endpoints, in all
  std::uint64_t lost_before_ = 0; ///< of these, not shown any more
  core::steady_time loss_shown_until_{};
};

struct health_state {
  static inline const char* name = "health";
  std::optional<health_board> board;
  health_snapshot_ptr snapshot;
  core::health_status last_logged = core::health_status::unknown;
};

/// A restarted reporter knows nothing until the components report again, which they do every quarter of a second.
health_actor::behavior_type health_reporter(health_actor::stateful_pointer<health_state> self,
                                            health_settings settings);

} // namespace cm::actors
