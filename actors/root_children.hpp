// Which children root has, how each is spawned, and who has to be told of a new one.
#pragma once

#include "actors/root.hpp"

namespace cm::actors {

/// What runs from the first moment: health and the management port, storage, the credential manager, the license, the
/// NATS link, egress and the token validators. The link does not wait for the database, so that health tells the truth
/// about both.
void add_first_children(root_pointer self);

/// The subscriptions and the API port: when database and NATS have answered. An error where the port cannot be opened.
[[nodiscard]] core::expected<void> add_serving_children(root_pointer self);

/// Spawns the child with that index, monitors it and records the start.
void start_child(root_pointer self, std::size_t index);

} // namespace cm::actors
