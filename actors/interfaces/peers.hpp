// The handles of collaborators as they travel in messages: declared here, defined beside the actor that each is for.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

namespace cm::actors {

// A handle travels in a type of its own: the name of a typed actor spells out its whole interface, and that of an actor
// which is told of others would spell out all of theirs.
struct credential_manager_peer;
struct database_worker_peer;
struct event_publisher_peer;
struct health_peer;
struct nats_egress_peer;
struct nats_user_peer;
struct password_pool_peer;
struct password_worker_peer;
struct revocation_follower_peer;
struct storage_gate_peer;
struct token_reader_peer;
struct worker_listener_peer;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::credential_manager_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::database_worker_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::event_publisher_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_egress_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_user_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_pool_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_worker_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::revocation_follower_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_gate_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_reader_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_listener_peer)
