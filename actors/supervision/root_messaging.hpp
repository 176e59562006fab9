// The children that use NATS, except for the subscriptions: the link, the egress actor, and the receivers of
// deliveries.
#pragma once

#include "actors/supervision/root.hpp"

namespace cm::actors {

/// Adds these children. They run from the start; the link does not wait for the database.
void add_messaging_children(root_pointer self);

/// Logs the unregistered endpoints that are still in the backlog at the stop: their tokens remain valid, since the
/// register does not repeat events. To be called after the remover has ended.
void name_unfinished_removals(root_pointer self);

} // namespace cm::actors
