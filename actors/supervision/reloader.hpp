// Reads the configuration again (SIGHUP, contract 3.3), and tells the operator what became of each key.
#pragma once

#include "actors/interfaces/reload.hpp"
#include "core/configuration/configuration.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace cm::actors {

struct reloader_state {
  static inline const char* name = "reloader";

  core::configuration::environment variables; ///< of the start: a process cannot be given others
};

/// To be spawned detached: it reads files, and opens the license.
reloader_actor::behavior_type reloader(reloader_actor::stateful_pointer<reloader_state> self,
                                       core::configuration::environment variables);

} // namespace cm::actors
