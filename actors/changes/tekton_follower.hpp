// Follows Tekton (contract 4.6): which applications and versions there are.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "core/base/backoff.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cm::actors {

struct tekton_follower_settings {
  std::string url;
  std::map<std::string, std::set<std::string>> configured;   ///< kaa.applications: known whatever Tekton says
  std::chrono::milliseconds timeout{2000};                   ///< the stop waits for it
  std::chrono::milliseconds period{std::chrono::minutes{5}}; ///< events may be lost: it is read anew now and then
  core::backoff_settings backoff{};                          ///< while Tekton is away
  std::function<void(application_directory_ptr)> on_change;
};

struct tekton_follower_state {
  static inline const char* name = "tekton-follower";

  tekton_follower_settings settings;
  std::optional<core::backoff> backoff;
  core::steady_time next{}; ///< when it is to be read
  bool away = false;
};

/// To be spawned detached: it blocks on HTTP. While Tekton is away, what was read last goes on to hold.
tekton_follower_actor::behavior_type
tekton_follower(tekton_follower_actor::stateful_pointer<tekton_follower_state> self, tekton_follower_settings settings);

} // namespace cm::actors
