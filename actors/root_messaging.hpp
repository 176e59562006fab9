// The children that have to do with NATS: the link, egress, who answers requests, and the subscriptions.
#pragma once

#include "actors/root.hpp"

namespace cm::actors {

/// What runs from the first moment; the link does not wait for the database.
void add_messaging_children(root_pointer self);

/// One child a subject: when database and NATS have answered.
void add_subscriptions(root_pointer self);

/// A subscription was made on that connection, or (null) is gone. It counts when the server has confirmed it: until
/// then a request that only it could take is answered "no responders" by the server (NATS: status 503).
/// @param index of the subscription
/// @param spawned number of its actor: what an older one says does not count
void take_listening(root_pointer self, std::size_t index, std::uint64_t spawned, const nats_connection_ptr& connection);

/// Tells health whether CM serves, where that changed: the doors are open, and every subscription is confirmed.
void tell_readiness(root_pointer self);

} // namespace cm::actors
