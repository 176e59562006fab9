// The subscriptions as children of the root: one a subject, where its deliveries go, and whether CM may serve with
// them.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "actors/supervision/root.hpp"

namespace cm::actors {

/// One child a subject: when database and NATS have answered.
void add_subscriptions(root_pointer self);

/// A subscription was made on that connection, or (null) is gone. It counts when the server has confirmed it: until
/// then a request that only it could take is answered "no responders" by the server (NATS: status 503).
/// @param index of the subscription
/// @param number of what it made: what is said of an older one does not count
void take_listening(root_pointer self, std::size_t index, std::uint64_t number, const nats_connection_ptr& connection);

/// The NATS server does not permit something, in its words: where it is a subscription, that is tried again and again.
void take_refusal(root_pointer self, const std::string& text);

/// Tells health, where that changed, whether CM serves, and which subscriptions are not permitted. CM serves when the
/// doors are open and every subscription is confirmed; those that no request comes on may be refused instead.
void tell_readiness(root_pointer self);

} // namespace cm::actors
