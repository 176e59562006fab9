// The health of the service, and the license check.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/peers.hpp"
#include "actors/interfaces/reload.hpp"
#include "core/license/license_watch.hpp"
#include "core/observability/health.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cm::actors {

/// The state of one component.
using component_report = std::variant<core::database_health, core::nats_health, core::license_health,
                                      core::outbox_health, core::actors_health>;
using component_report_ptr = std::shared_ptr<const component_report>;

using health_snapshot_ptr = std::shared_ptr<const core::health_snapshot>;

/// The state of the license file.
struct license_file_state {
  std::optional<core::file_stamp> stamp;      ///< taken before the check
  std::optional<core::license_result> result; ///< absent if no check was requested
};

using license_file_state_ptr = std::shared_ptr<const license_file_state>;

using health_actor = caf::typed_actor<
  // The state of a component: at every change, and regularly as a sign of life.
  caf::reacts_to<report_atom, component_report_ptr>,
  // Whether the service accepts requests: it has started and is not stopping.
  caf::reacts_to<ready_atom, bool>,
  // The subjects that NATS does not permit CM to subscribe to. Replaces the previous list.
  caf::reacts_to<refused_atom, std::vector<std::string>>,
  // Answered with the health of the service, at most one second old.
  caf::replies_to<snapshot_atom>::with<health_snapshot_ptr>,
  // INTERNAL: timer: check for overdue reports.
  caf::reacts_to<tick_atom>>;

struct health_peer {
  health_actor handle;
};

/// The blocking part of the license check.
using license_reader_actor = caf::typed_actor<
  // Calls stat() on the license file. Answered with its stamp, without a result.
  caf::replies_to<find_atom>::with<license_file_state_ptr>,
  // Reads and checks the license. Answered with the stamp and the result.
  caf::replies_to<validate_atom>::with<license_file_state_ptr>,
  // The settings after a reload.
  caf::reacts_to<reload_atom, settings_ptr>>;

using license_actor =
  caf::typed_actor<caf::reacts_to<peer_atom, health_peer>, caf::reacts_to<peer_atom, credential_manager_peer>,
                   // The settings after a reload: check the license at once.
                   caf::reacts_to<reload_atom, settings_ptr>,
                   // INTERNAL: timer: check the license file, and report to health.
                   caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::component_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_snapshot_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::license_file_state_ptr)
