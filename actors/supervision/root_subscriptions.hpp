// The subscriptions as children of root: one per subject, the receivers of its deliveries, and readiness.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "actors/supervision/root.hpp"

namespace cm::actors {

/// Fills root_state::subscriptions: one for each subject. To be called once, before the subscriptions are spawned.
void describe_subscriptions(root_pointer self);

/// Records that a subscription was created or has ended. It counts for readiness only when the server has confirmed it:
/// until then the server may answer requests with "no responders" (NATS status 503).
/// @param index of the subscription
/// @param number of the attempt to subscribe; reports of older attempts are ignored
/// @param connection on which it was created; null if it has ended
void take_listening(root_pointer self, std::size_t index, std::uint64_t number, const nats_connection_ptr& connection);

/// Handles a permission error of the NATS server. If it refers to a subscription, that is retried periodically.
/// @param text the server's message
void take_refusal(root_pointer self, const std::string& text);

/// Reports changes of readiness and of refused subscriptions to health. CM is ready when the subscriptions and the REST
/// port are open, and every subscription is confirmed; subscriptions to events may be refused instead.
void tell_readiness(root_pointer self);

} // namespace cm::actors
