// What the service knows of its own state, and the license.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/peers.hpp"
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

/// State of one component for health.
using component_report = std::variant<core::database_health, core::nats_health, core::license_health,
                                      core::outbox_health, core::actors_health>;
using component_report_ptr = std::shared_ptr<const component_report>;

using health_snapshot_ptr = std::shared_ptr<const core::health_snapshot>;

/// One look at the license file.
struct license_look {
  std::optional<core::file_stamp> stamp;      ///< taken before the check
  std::optional<core::license_result> result; ///< where a check was asked for
};

using license_look_ptr = std::shared_ptr<const license_look>;

using health_actor = caf::typed_actor<
  // A component's state changed, or it says that it still lives.
  caf::reacts_to<report_atom, component_report_ptr>,
  // Whether the service takes requests (it is up and not stopping).
  caf::reacts_to<ready_atom, bool>,
  // Subjects that NATS does not permit CM to listen on, instead of those before.
  caf::reacts_to<refused_atom, std::vector<std::string>>,
  // What is known, never older than one second.
  caf::replies_to<snapshot_atom>::with<health_snapshot_ptr>,
  // INTERNAL: time to look whose report is overdue.
  caf::reacts_to<tick_atom>>;

struct health_peer {
  health_actor handle;
};

/// The blocking half of the license check.
using license_reader_actor = caf::typed_actor<
  // What stat() tells of the file now.
  caf::replies_to<find_atom>::with<license_look_ptr>,
  // The whole check.
  caf::replies_to<validate_atom>::with<license_look_ptr>>;

using license_actor =
  caf::typed_actor<caf::reacts_to<peer_atom, health_peer>, caf::reacts_to<peer_atom, credential_manager_peer>,
                   // INTERNAL: time to look at the file and to report.
                   caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::component_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_snapshot_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::license_look_ptr)
