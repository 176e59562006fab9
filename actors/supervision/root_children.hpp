// Starts and restarts the children of root as the wiring table says, and tells each about the others' new handles.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/supervision/child_kind.hpp"
#include "actors/supervision/root.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace cm::actors {

/// A row of the wiring table, for code that does not know the type of the child.
struct child_row {
  child_kind kind;
  start_phase starts;
  stop_step drains;
  stop_step ends;
  std::string (*name)(const root_state& state, std::size_t index);
  std::size_t (*count)(const root_state& state);
  /// Spawns the child and tells the other children.
  caf::actor (*start)(root_pointer self, std::size_t index);
  /// Sends a drain request to the child. Calls `answered` after its answer or the time-out. Null if `drains` is none.
  void (*drain)(root_pointer self, std::size_t index, std::chrono::milliseconds patience,
                std::function<void()> answered);
};

/// The rows of the wiring table, in the order of child_kind.
[[nodiscard]] std::span<const child_row> child_rows();

/// Makes what the children share, and starts those of start_phase::first. They include the NATS link, which does not
/// wait for the database, so that health shows the state of both.
void add_first_children(root_pointer self);

/// Opens the REST port and starts the children of start_phase::serving. To be called when database and NATS have
/// answered for the first time.
/// @return an error if the port cannot be opened
[[nodiscard]] core::expected<void> add_serving_children(root_pointer self);

/// Spawns the child with that index in root_state::children, monitors it, and records the start.
void start_child(root_pointer self, std::size_t index);

/// Makes a child fail, for tests. Has an effect in the test build only.
void inject_fault_into(root_pointer self, const root_child& child);

/// Passes a new directory of applications to all actors that use it.
void take_applications(root_pointer self, application_directory_ptr known);

/// Logs the unregistered endpoints that are still in the backlog at the stop: their tokens remain valid, since the
/// register does not repeat events. To be called after the remover has ended.
void log_unfinished_removals(root_pointer self);

} // namespace cm::actors
