// Follows the endpoint register (contract 4.3): an endpoint that is gone loses its tokens.
#pragma once

#include "actors/actors.hpp"
#include "actors/bounded_request.hpp"
#include "core/backoff.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

namespace cm::actors {

struct endpoint_remover_settings {
  std::size_t at_once = 4; ///< removals that run at the same time: a burst leaves the pool room for others
  std::chrono::milliseconds patience{7000}; ///< for the manager's answer, which has a deadline of its own
  core::backoff_settings backoff{};         ///< between attempts while the database is away
};

/// One endpoint of an event. The event counts against the subscription's door until its last endpoint is done.
struct endpoint_removal {
  removed_endpoints_ptr event;
  std::size_t index = 0;
};

/// What is to be done still. Root owns it, and one remover after the other works on it: nobody repeats an event that
/// was lost, so what waits outlives the actor.
struct removal_backlog {
  std::deque<endpoint_removal> waiting;
};

struct endpoint_remover_state {
  static inline const char* name = "endpoint-remover";

  endpoint_remover_settings settings;
  request_deadlines deadlines;
  std::shared_ptr<removal_backlog> backlog;
  credential_manager_actor manager;
  std::unordered_map<std::uint64_t, endpoint_removal> running; ///< by number
  std::uint64_t last_number = 0;
  std::optional<core::backoff> backoff;
  bool resting = false; ///< after a failure, until the tick

  /// What was under way goes back: doing it twice does no harm.
  ~endpoint_remover_state();
};

/// Each is tried until the database takes it, for as long as the process lives. How many wait is bounded by the
/// subscription's door.
endpoint_remover_actor::behavior_type
endpoint_remover(endpoint_remover_actor::stateful_pointer<endpoint_remover_state> self,
                 endpoint_remover_settings settings, std::shared_ptr<removal_backlog> backlog,
                 credential_manager_actor manager);

} // namespace cm::actors
