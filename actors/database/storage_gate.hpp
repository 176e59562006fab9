// The actor through which all others use the database: admission, batches, deadlines, and the state of the database.
#pragma once

#include "actors/database/database_metrics.hpp"
#include "actors/database/lane_proof.hpp"
#include "actors/database/storage_dispatcher.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/base/clock_skew.hpp"
#include "storage/sql/host_choice.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace cm::actors {

struct storage_gate_settings {
  dispatcher_settings dispatcher;
  std::chrono::milliseconds tick{50};            ///< resolution of deadlines
  std::chrono::milliseconds probe_period{150};   ///< how often an idle worker is probed: the one proven longest ago
  std::chrono::milliseconds probe_patience{500}; ///< without any answer for this long the database counts as down
  /// Deadlines of the probes of look-ups: those of a token's validation, and of a login.
  std::chrono::milliseconds token_lookup_patience{2000};
  std::chrono::milliseconds client_lookup_patience{5000};
  std::chrono::milliseconds fail_fast_after{1000}; ///< down for longer: requests are answered `unavailable` at once
  std::function<void()> on_first_contact;          ///< called once, when the first worker is connected
  /// Called when a worker's report says `refused`, with its error text; possibly more than once.
  std::function<void(const std::string&)> on_refused_database;
  std::shared_ptr<const storage::host_choice> hosts; ///< shared with the workers; null: each worker chooses for itself
  std::shared_ptr<database_metrics> metrics;         ///< may be null
};

/// Judges whether the database answers. A plain class: time is a parameter. Not thread-safe.
class database_pulse {
public:
  explicit database_pulse(std::chrono::milliseconds patience, core::steady_time start)
    : patience_(patience), down_since_(start) {}

  /// The database has answered a command or a probe, of whichever worker: silence begins with the next probe.
  void answered() noexcept { probe_sent_.reset(); }

  /// A probe was sent to a worker or waits for one. Until an answer, further calls change nothing.
  void probe_sent(core::steady_time now) noexcept {
    if (!probe_sent_)
      probe_sent_ = now;
  }

  /// Updates up() and stalled(); to be called at every tick. @return whether up() changed
  [[nodiscard]] bool judge(std::size_t connected_workers, core::steady_time now) noexcept;

  [[nodiscard]] bool up() const noexcept { return up_; }

  /// Workers are connected, but the database does not answer.
  [[nodiscard]] bool stalled() const noexcept { return stalled_; }

  /// How long the database has been down; 0 while it is up. Counts from the start if it was never up.
  [[nodiscard]] std::chrono::milliseconds down_for(core::steady_time now) const noexcept {
    return up_ ? std::chrono::milliseconds{0}
               : std::chrono::duration_cast<std::chrono::milliseconds>(now - down_since_);
  }

private:
  std::chrono::milliseconds patience_;
  core::steady_time down_since_;
  std::optional<core::steady_time> probe_sent_; ///< the first one since the last answer
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
  pending_replies<storage_result_ptr> requests; ///< by ticket; `unavailable` if the gate ends
  waiting_replies<bool> drains{false};
  std::unordered_set<ticket> probes; ///< pending: at most one for each worker, and one that waits
  core::steady_time next_probe{};
  lane_proof token_lookups;
  lane_proof client_lookups;
  std::uint64_t refused_activations = 0; ///< since the latest warning about them
  std::uint64_t host_moves = 0;          ///< changes of the preferred host that the workers were notified of
  core::clock_skew_watch skew;
  health_actor health;
  bool judged_up = false;     ///< at the latest look
  bool had_contact = false;   ///< on_first_contact was called
  bool outage_logged = false; ///< the current outage has been logged

  storage_gate_state();
};

/// The gate uses a worker when it has its handle and a report that it is connected. It receives both again after a
/// restart of the worker or of the gate.
storage_gate_actor::behavior_type storage_gate(storage_gate_actor::stateful_pointer<storage_gate_state> self,
                                               storage_gate_settings settings, health_actor health);

} // namespace cm::actors
