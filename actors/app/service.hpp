// Runs the service: checks the license, opens ports, runs the actor system, handles signals, determines the exit
// status.
#pragma once

#include "actors/app/service_ports.hpp"
#include "actors/interfaces/supervision.hpp"
#include "core/configuration/configuration.hpp"
#include "core/configuration/settings.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace cm::actors {

/// What the service starts with.
struct start_settings {
  core::settings settings;
  core::configuration::environment variables; ///< from which the settings were loaded; for reloads
};

/// Extension points for the test build.
struct service_hooks {
  std::function<void(caf::actor_system&, const root_actor&)> on_start; ///< called after root was spawned
};

/// Runs CM until it is stopped or gives up. Logging must be set up; it is shut down when this returns. To be called
/// once, from the main thread.
/// @param ports result of bind_ports(); an error is logged here, since there is no log when ports are bound
/// @return the exit status of the process (contract 3.3)
[[nodiscard]] int run_service(start_settings start, core::expected<service_ports> ports, const service_hooks& hooks);

} // namespace cm::actors
