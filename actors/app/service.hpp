// The life of the process: license, ports, actor system, signals, exit status.
#pragma once

#include "actors/interfaces/supervision.hpp"
#include "core/configuration/settings.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace cm::actors {

/// What the test build adds.
struct service_hooks {
  std::function<void(caf::actor_system&, const root_actor&)> on_start; ///< when root is there
};

/// Runs CM until it is stopped or gives up; logging is set up already, and ended when this returns. Call once, from the
/// main thread.
/// @return the exit status of the process (contract 3.3)
[[nodiscard]] int run_service(const core::settings& settings, const service_hooks& hooks);

} // namespace cm::actors
