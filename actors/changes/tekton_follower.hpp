// Reads the known applications and versions from Tekton (contract 4.6).
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
  std::map<std::string, std::set<std::string>> configured;   ///< from kaa.applications, always known
  std::chrono::milliseconds timeout{2000};                   ///< of an HTTP request; an orderly stop may wait that long
  std::chrono::milliseconds period{std::chrono::minutes{5}}; ///< of reads without an event: events may be lost
  core::backoff_settings backoff{};                          ///< between attempts while Tekton is unavailable
  /// Called on the actor's thread after the first read, and after each one that differs from the one before.
  std::function<void(application_directory_ptr)> on_change;
};

struct tekton_follower_state {
  static inline const char* name = "tekton-follower";

  tekton_follower_settings settings;
  std::optional<core::backoff> backoff;
  core::steady_time next{};        ///< time of the next read
  application_directory_ptr known; ///< the last result; null before the first
  bool unavailable = false;        ///< the last read failed
};

/// To be spawned detached, because it blocks on HTTP. While Tekton is unavailable, the last result remains in effect.
tekton_follower_actor::behavior_type
tekton_follower(tekton_follower_actor::stateful_pointer<tekton_follower_state> self, tekton_follower_settings settings);

} // namespace cm::actors
