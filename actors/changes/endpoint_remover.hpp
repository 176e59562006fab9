// Deletes the tokens of endpoints that the endpoint register has unregistered (contract 4.3).
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/changes/removal_metrics.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/backoff.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace cm::actors {

struct endpoint_remover_settings {
  std::size_t at_once = 4;        ///< concurrent deletions: a burst must not occupy the whole connection pool
  std::size_t checks_at_once = 2; ///< concurrent checks which endpoints have tokens, of storage::max_batch each
  std::chrono::milliseconds patience{15'000};     ///< for one deletion; a large endpoint takes several transactions
  std::chrono::milliseconds check_patience{5000}; ///< for the database to execute a check
  unsigned max_failures = 6;           ///< failed attempts until an endpoint is given up; transient ones do not count
  std::chrono::milliseconds look{250}; ///< how often the remover polls the backlog, also without an announcement
  core::backoff_settings backoff{};    ///< between attempts while the database is unavailable
  std::shared_ptr<removal_metrics> metrics; ///< counts losses; may be null
};

/// Earlier attempts to delete the tokens of one endpoint.
struct removal_attempts {
  core::timestamp at{}; ///< time of the first attempt, by which storage recognizes it
  unsigned failures = 0;
};

struct endpoint_remover_state {
  static inline const char* name = "endpoint-remover";

  endpoint_remover_settings settings;
  request_deadlines deadlines;
  std::shared_ptr<removal_backlog> backlog;
  credential_manager_actor manager;
  storage_gate_actor gate;
  std::deque<endpoint_removal> found;                         ///< endpoints with tokens, from at most two checks
  std::unordered_map<std::string, removal_attempts> attempts; ///< by endpoint ID, of unfinished endpoints
  std::size_t checks = 0;                                     ///< in progress
  std::size_t removals = 0;                                   ///< in progress
  std::optional<core::backoff> backoff;
  bool resting = false; ///< paused after a failure, until the tick

  /// Returns everything in progress to the backlog: deletions are idempotent.
  ~endpoint_remover_state();
};

/// Checks in batches which endpoints of the backlog have tokens, and has the credential manager delete the tokens of
/// each of these. While the database is unavailable, it retries indefinitely. An endpoint that fails `max_failures`
/// times for another reason is given up: it is named in the log and counted as lost. Event-based.
endpoint_remover_actor::behavior_type
endpoint_remover(endpoint_remover_actor::stateful_pointer<endpoint_remover_state> self,
                 endpoint_remover_settings settings, std::shared_ptr<removal_backlog> backlog,
                 credential_manager_actor manager, storage_gate_actor gate);

} // namespace cm::actors
