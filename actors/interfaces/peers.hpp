// Message types that carry the handles of actors. Declared here; each is defined next to its actor's interface.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

namespace cm::actors {

// Each handle has a wrapper type, because the type name of a CAF typed actor spells out its whole interface. The name
// of an actor that receives plain handles would contain the interfaces of all those actors too.
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
