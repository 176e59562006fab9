// The reload of the configuration in a running process (SIGHUP, contract 3.3).
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "core/configuration/settings.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>

namespace cm::actors {

/// The settings of the process; a reload replaces some of them.
using settings_ptr = std::shared_ptr<const core::settings>;

/// What a reload has found.
struct reload_result {
  settings_ptr next;       ///< in force from now on; null if nothing has to be applied
  bool nats_login = false; ///< the next connection to NATS differs from the present one: its login, or its TLS files
};

using reload_result_ptr = std::shared_ptr<const reload_result>;

/// Reads files and checks what it has read; blocks.
using reloader_actor = caf::typed_actor<
  // Reads the configuration again, reopens the log and sets its levels. Compares with these running settings, and
  // writes a log line for each key that differs. Answered with what has to be applied elsewhere.
  caf::replies_to<reload_atom, settings_ptr>::with<reload_result_ptr>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::settings_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::reload_result_ptr)
