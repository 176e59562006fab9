// The one door to the database: admission, micro-batches, deadlines, and the verdict on whether the database is there.
#pragma once

#include "actors/database/storage_dispatcher.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/clock_skew.hpp"
#include "core/observability/metrics.hpp"
#include "storage/sql/host_choice.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cm::actors {

struct storage_gate_settings {
  dispatcher_settings dispatcher;
  std::chrono::milliseconds tick{50};              ///< resolution of deadlines
  std::chrono::milliseconds probe_period{150};     ///< how often the database is asked for a sign of life
  std::chrono::milliseconds probe_patience{500};   ///< silence after which it counts as away
  std::chrono::milliseconds fail_fast_after{1000}; ///< away for so long: what comes is answered `unavailable` at once
  std::function<void()> on_first_contact;          ///< called once, when the first worker is connected
  std::function<void(const std::string&)> on_refused_database;
  std::shared_ptr<const storage::host_choice> hosts; ///< of the workers; null: each chooses by itself
  std::shared_ptr<core::metrics> metrics;            ///< may be null
};

/// Whether the database answers. A plain class: time is a parameter.
class database_pulse {
public:
  explicit database_pulse(std::chrono::milliseconds patience, core::steady_time start)
    : patience_(patience), down_since_(start) {}

  /// Any command came back from the database.
  void answered(core::steady_time now) noexcept { last_answer_ = now; }

  /// A probe was handed to a worker or is waiting for one.
  void asked(core::steady_time now) noexcept {
    if (!asked_)
      asked_ = now;
  }

  void probe_answered() noexcept { asked_.reset(); }

  /// To be called at every tick; true when the verdict changed.
  [[nodiscard]] bool judge(std::size_t connected_workers, core::steady_time now) noexcept;

  [[nodiscard]] bool up() const noexcept { return up_; }

  [[nodiscard]] bool stalled() const noexcept { return stalled_; }

  /// For how long it has been away.
  [[nodiscard]] std::chrono::milliseconds down_for(core::steady_time now) const noexcept {
    return up_ ? std::chrono::milliseconds{0}
               : std::chrono::duration_cast<std::chrono::milliseconds>(now - down_since_);
  }

private:
  std::chrono::milliseconds patience_;
  core::steady_time down_since_;
  core::steady_time last_answer_{};
  std::optional<core::steady_time> asked_;
  bool up_ = false;
  bool stalled_ = false;
};

struct storage_gate_state {
  static inline const char* name = "storage-gate";

  storage_gate_settings settings;
  request_deadlines deadlines;
  std::optional<storage_dispatcher> dispatcher;
  std::optional<database_pulse> pulse;
  std::vector<database_worker_actor> workers;
  std::vector<worker_report_ptr> reports;
  std::unordered_map<ticket, caf::typed_response_promise<storage_result_ptr>> promises;
  std::vector<caf::typed_response_promise<bool>> drains;
  std::optional<ticket> probe;
  core::steady_time next_probe{};
  std::uint64_t refused_activations = 0;
  std::uint64_t host_moves = 0; ///< of those that the workers were told about
  core::clock_skew_watch skew;
  std::string why_down;
  health_actor health;
  bool met = false;
  bool said_away = false; ///< the log has its line about the present outage

  /// Whoever still waits is told that nothing comes any more.
  ~storage_gate_state();
};

/// Workers make themselves known by their reports and their handles; both come again after a restart of either side.
storage_gate_actor::behavior_type storage_gate(storage_gate_actor::stateful_pointer<storage_gate_state> self,
                                               storage_gate_settings settings, health_actor health);

} // namespace cm::actors
