// Which children root has, how each is spawned, and who has to be told of a new one.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/supervision/root.hpp"

#include <functional>
#include <string>

namespace cm::actors {

/// What runs from the first moment: health and the management port, storage, the credential manager, the license, the
/// password pool, and the children of root_messaging.hpp. The NATS link does not wait for the database, so that health
/// tells the truth about both.
void add_first_children(root_pointer self);

/// The subscriptions and the API port: when database and NATS have answered. An error where the port cannot be opened.
[[nodiscard]] core::expected<void> add_serving_children(root_pointer self);

/// Adds a child and starts it. `spawn` is called again for each restart; it tells the peers of the new handle.
/// @param inject how the test build makes it fail, where an exit message would not arrive
void add_child(root_pointer self, std::string name, std::function<caf::actor()> spawn,
               std::function<void()> inject = nullptr);

/// Spawns the child with that index, monitors it and records the start.
void start_child(root_pointer self, std::size_t index);

/// The applications that Tekton knows, for all that look at them.
void take_applications(root_pointer self, application_directory_ptr known);

template <class Handle>
caf::actor untyped(const Handle& handle) {
  return caf::actor_cast<caf::actor>(handle);
}

} // namespace cm::actors
