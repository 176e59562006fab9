// Monitors the license while CM runs (contract 8): reports to health, and has the credential manager refuse changes if
// the license is invalid.
#pragma once

#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/health.hpp"
#include "core/configuration/settings.hpp"
#include "core/license/license_watch.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>

namespace cm::actors {

struct license_check_settings {
  core::license_settings license;
  core::license start;                         ///< result of the check at the start
  std::optional<core::file_stamp> start_stamp; ///< taken before that check
  std::chrono::milliseconds report_period{250};
  std::chrono::milliseconds poll_period{2000}; ///< how often the file's stamp is compared
};

struct license_reader_state {
  static inline const char* name = "license-reader";
  core::license_settings settings;
};

/// To be spawned detached, because it reads files and verifies signatures.
license_reader_actor::behavior_type license_reader(license_reader_actor::stateful_pointer<license_reader_state> self,
                                                   core::license_settings settings);

struct license_check_state {
  static inline const char* name = "license";
  std::optional<core::license_watch> watch;
  license_reader_actor reader;
  health_actor health;
  credential_manager_actor manager;
  core::steady_time next_poll{};
  bool poll_pending = false; ///< a request to the reader is pending
};

/// Event-based. Spawns its reader as a linked actor, so that both fail and restart together.
license_actor::behavior_type license_check(license_actor::stateful_pointer<license_check_state> self,
                                           license_check_settings settings, health_actor health,
                                           credential_manager_actor manager);

} // namespace cm::actors
