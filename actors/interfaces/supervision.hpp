// The root supervisor, and the actors that run its Asio loops.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/mailbox_census.hpp"
#include "actors/interfaces/nats.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

/// A problem for which the process must stop.
struct fatal_problem {
  int exit_status = 0;
  std::string message;
};

using fatal_problem_ptr = std::shared_ptr<const fatal_problem>;

/// The dependencies that must answer once before the start continues.
enum class milestone : std::uint8_t { storage, nats };

using root_actor = caf::typed_actor<
  // Spawns the actor tree.
  caf::reacts_to<begin_atom>,
  // Stops everything in order and ends the process with status 0. Ignored if the stop has begun.
  caf::reacts_to<stop_atom>,
  // Reads the configuration again, and applies what can be applied to a running process.
  caf::reacts_to<reload_atom>,
  // Writes the actor tree to the log.
  caf::reacts_to<inspect_atom>,
  // A dependency answered for the first time: the start continues.
  caf::reacts_to<ready_atom, milestone>,
  // The subscription actor with this index has subscribed on this connection; the number identifies the subscription.
  // Null connection: it has no subscription now.
  caf::reacts_to<listening_atom, std::size_t, std::uint64_t, nats_connection_ptr>,
  // The NATS server refused an operation for want of a permission; the server's error text.
  caf::reacts_to<refused_atom, std::string>,
  // Stops everything in order and ends the process with the given status.
  caf::reacts_to<give_up_atom, fatal_problem_ptr>,
  // The applications that Tekton has: root distributes them.
  caf::reacts_to<directory_atom, application_directory_ptr>,
  // Answered with the names of all running children.
  caf::replies_to<list_atom>::with<std::vector<std::string>>,
  // Makes the named child fail. Has an effect in the test build only (fault_injection.hpp).
  caf::reacts_to<crash_atom, std::string>,
  // INTERNAL: the backoff of the child with this index is over: spawn it again.
  caf::reacts_to<restart_atom, std::size_t>,
  // INTERNAL: the step with this number of the orderly stop has timed out.
  caf::reacts_to<tick_atom, std::size_t>,
  // INTERNAL: the time of the census is over: write the actor tree to the log.
  caf::reacts_to<inspect_atom, mailbox_census_ptr>,
  // INTERNAL: timer: report the state of the tree to health.
  caf::reacts_to<report_atom>>;

using io_loop_actor = caf::typed_actor<
  // INTERNAL: run the loop until it is stopped; blocks.
  caf::reacts_to<begin_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::fatal_problem_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::milestone)
