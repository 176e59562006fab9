// Which children root has, how each is spawned, and who has to be told of a new one.
#pragma once

#include "actors/root.hpp"

namespace cm::actors {

/// Health, the management port, storage, the credential manager and the license: what runs from the first moment.
void add_first_children(root_pointer self);

/// The NATS link, egress and the token validators: when the database has answered.
void add_nats_children(root_pointer self);

/// The subscriptions and the API port: when NATS has answered too. An error where the port cannot be opened.
[[nodiscard]] core::expected<void> add_serving_children(root_pointer self);

/// Spawns the child with that index, monitors it and records the start.
void start_child(root_pointer self, std::size_t index);

} // namespace cm::actors
