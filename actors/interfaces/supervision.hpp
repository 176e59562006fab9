// The root supervisor, and the loops of the sockets that it owns.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/nats.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

/// What root is told to stop for.
struct fatal_problem {
  int exit_status = 0;
  std::string message;
};

using fatal_problem_ptr = std::shared_ptr<const fatal_problem>;

/// The two components whose first success the start waits for.
enum class milestone : std::uint8_t { storage, nats };

using root_actor = caf::typed_actor<
  // Spawns the tree.
  caf::reacts_to<begin_atom>,
  // Stops everything in order and ends the process with status 0; a second one while stopping changes nothing.
  caf::reacts_to<stop_atom>,
  // A dependency answered for the first time: the start goes on.
  caf::reacts_to<ready_atom, milestone>,
  // The subscription with that index made the one with that number on that connection, or (null) has none.
  caf::reacts_to<listening_atom, std::size_t, std::uint64_t, nats_connection_ptr>,
  // The NATS server does not permit something, in its words.
  caf::reacts_to<refused_atom, std::string>,
  // Stops everything in order and ends the process with that status.
  caf::reacts_to<give_up_atom, fatal_problem_ptr>,
  // The applications that Tekton knows.
  caf::reacts_to<directory_atom, application_directory_ptr>,
  // Names of all children that run.
  caf::replies_to<list_atom>::with<std::vector<std::string>>,
  // Asks the named child to fail; only the test build's children do.
  caf::reacts_to<crash_atom, std::string>,
  // INTERNAL: the backoff of the child with that index is over.
  caf::reacts_to<restart_atom, std::size_t>,
  // INTERNAL: the step of the orderly stop with that number took too long.
  caf::reacts_to<tick_atom, std::size_t>,
  // INTERNAL: time to tell health of the tree.
  caf::reacts_to<report_atom>>;

using io_loop_actor = caf::typed_actor<
  // INTERNAL: run the loop until it is stopped.
  caf::reacts_to<begin_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::fatal_problem_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::milestone)
