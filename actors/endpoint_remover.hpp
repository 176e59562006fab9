// Follows the endpoint register (contract 4.3): an endpoint that is gone loses its tokens.
#pragma once

#include "actors/actors.hpp"
#include "core/backoff.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace cm::actors {

struct endpoint_remover_settings {
  std::size_t at_once = 4; ///< removals that run at the same time: a burst leaves the pool room for others
  std::chrono::milliseconds patience{7000}; ///< for the manager's answer, which has a deadline of its own
  core::backoff_settings backoff{};         ///< between attempts while the database is away
};

struct endpoint_remover_state {
  static inline const char* name = "endpoint-remover";

  /// One endpoint of an event. The event counts against the subscription's door until its last endpoint is done.
  struct removal {
    removed_endpoints_ptr event;
    std::size_t index = 0;
  };

  endpoint_remover_settings settings;
  credential_manager_actor manager;
  std::deque<removal> waiting;
  std::size_t running = 0;
  std::optional<core::backoff> backoff;
  bool resting = false; ///< after a failure, until the tick
};

/// Nobody repeats an event that was lost, so each is tried until the database takes it, for as long as the process
/// lives. How many wait is bounded by the subscription's door.
endpoint_remover_actor::behavior_type
endpoint_remover(endpoint_remover_actor::stateful_pointer<endpoint_remover_state> self,
                 endpoint_remover_settings settings, credential_manager_actor manager);

} // namespace cm::actors
