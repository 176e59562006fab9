// Follows the endpoint register (contract 4.3): an endpoint that is gone loses its tokens.
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/base/backoff.hpp"
#include "core/observability/metrics.hpp"

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
  std::size_t at_once = 4;        ///< removals that run at the same time: a burst leaves the pool room for others
  std::size_t checks_at_once = 2; ///< questions which endpoints have tokens, storage::max_batch in each
  std::chrono::milliseconds patience{7000};       ///< for the manager's answer, which has a deadline of its own
  std::chrono::milliseconds check_patience{5000}; ///< for the database's answer
  unsigned max_failures = 6;              ///< attempts that end with an error which is not the database's being away
  std::chrono::milliseconds look{250};    ///< how often the backlog is looked at without an announcement
  core::backoff_settings backoff{};       ///< between attempts while the database is away
  std::shared_ptr<core::metrics> metrics; ///< where losses are counted; may be null
};

/// What was tried of one endpoint.
struct removal_attempts {
  core::timestamp at{}; ///< of the first one, by which storage finds it again
  unsigned failures = 0;
};

struct endpoint_remover_state {
  static inline const char* name = "endpoint-remover";

  endpoint_remover_settings settings;
  request_deadlines deadlines;
  std::shared_ptr<removal_backlog> backlog;
  credential_manager_actor manager;
  storage_gate_actor gate;
  std::deque<endpoint_removal> found;                         ///< these have tokens; of two checks at most
  std::unordered_map<std::string, removal_attempts> attempts; ///< by endpoint ID, of those that are not done
  std::size_t checks = 0;                                     ///< that are under way
  std::size_t removals = 0;                                   ///< likewise
  std::optional<core::backoff> backoff;
  bool resting = false; ///< after a failure, until the tick

  /// What was under way goes back: doing it twice does no harm.
  ~endpoint_remover_state();
};

/// Asks the database which of the endpoints in the backlog have tokens, many at a time, and has these deleted one by
/// one. Each is tried until the database takes it, for as long as the process lives; one that fails `max_failures`
/// times with the database there is given up, and named.
endpoint_remover_actor::behavior_type
endpoint_remover(endpoint_remover_actor::stateful_pointer<endpoint_remover_state> self,
                 endpoint_remover_settings settings, std::shared_ptr<removal_backlog> backlog,
                 credential_manager_actor manager, storage_gate_actor gate);

} // namespace cm::actors
