// The children of root: how each is spawned, and which actors receive its new handle.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/supervision/root.hpp"

#include <functional>
#include <string>

namespace cm::actors {

/// Adds the children that run from the start: health and the management port, storage, the credential manager, the
/// license, the password pool, and the children of root_messaging.hpp. The NATS link does not wait for the database, so
/// that health shows the state of both.
void add_first_children(root_pointer self);

/// Adds the subscriptions and the API port. To be called when database and NATS have answered for the first time.
/// @return an error if the port cannot be opened
[[nodiscard]] core::expected<void> add_serving_children(root_pointer self);

/// Adds a child and starts it.
/// @param spawn called at the start and at each restart; sends the new handle to the peers
/// @param inject how the test build makes it fail, if it would not receive an exit message
void add_child(root_pointer self, std::string name, std::function<caf::actor()> spawn,
               std::function<void()> inject = nullptr);

/// Spawns the child with that index, monitors it, and records the start.
void start_child(root_pointer self, std::size_t index);

/// Passes a new directory of applications to all actors that use it.
void take_applications(root_pointer self, application_directory_ptr known);

/// Converts a typed handle.
template <class Handle>
caf::actor untyped(const Handle& handle) {
  return caf::actor_cast<caf::actor>(handle);
}

} // namespace cm::actors
