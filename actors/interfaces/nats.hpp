// NATS: the connection, the subscriptions and what they hand on, the answers.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/nats_requests.hpp"
#include "actors/interfaces/peers.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace cm::actors {

/// A connection that lives until the last answer has left through it.
using nats_connection_ptr = std::shared_ptr<messaging::connection>;

/// The NATS connection as its users see it.
struct nats_state {
  nats_connection_ptr connection; ///< null before the first attempt
  bool up = false;
};

using nats_state_ptr = std::shared_ptr<const nats_state>;

/// A credential that an event named, with the event's time.
struct heard_credential {
  core::uuid id;
  core::timestamp at{};
};

/// Tokens that were revoked, by this replica or another: what is in memory about them does not count any more.
struct invalidated_tokens {
  std::vector<core::uuid> ids;
  bool everything = false;             ///< nobody knows which
  std::vector<heard_credential> heard; ///< tokens and client credentials in events that came over NATS
};

using invalidated_tokens_ptr = std::shared_ptr<const invalidated_tokens>;

/// There are unregistered endpoints in the backlog.
struct removal_news {};

/// Something of the configuration changed: it is read anew as a whole.
struct configuration_news {};

/// What a subscription hands on, decoded.
using delivery =
  std::variant<pending_token_requests_ptr, pending_transition_requests_ptr, pending_password_requests_ptr,
               pending_certificate_requests_ptr, removal_news, configuration_news, invalidated_tokens_ptr>;

/// Passes a delivery to whoever works on it now. Any thread.
using forwarder = std::function<void(const delivery&)>;
using forwarder_ptr = std::shared_ptr<const forwarder>;

using nats_egress_actor = caf::typed_actor<
  // Publishes the answers and flushes.
  caf::reacts_to<answer_atom, reply_batch_ptr>,
  // INTERNAL: all batches that waited are published.
  caf::reacts_to<flush_atom>,
  // Answered when everything that came before is on the wire.
  caf::replies_to<drain_atom>::with<bool>>;

struct nats_egress_peer {
  nats_egress_actor handle;
};

/// Whoever publishes or subscribes by himself.
using nats_user_actor = caf::typed_actor<
  // The connection, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>>;

struct nats_user_peer {
  nats_user_actor handle;
};

using nats_subscription_actor = caf::typed_actor<
  // The connection to subscribe on, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Unsubscribes; answered when everything that came in is answered or done.
  caf::replies_to<drain_atom>::with<bool>,
  // Where deliveries go from now on.
  caf::reacts_to<peer_atom, forwarder_ptr>,
  // The server has the subscription with that number.
  caf::reacts_to<confirm_atom, std::uint64_t>,
  // The server does not permit the subscription with that number: it is made again later.
  caf::reacts_to<refused_atom, std::uint64_t>,
  // INTERNAL: the last message was handed over.
  caf::reacts_to<drained_atom>,
  // INTERNAL: time to look whether everything is heard.
  caf::reacts_to<watch_atom>,
  // INTERNAL: time to subscribe again, or in a drain to look whether all answers are out.
  caf::reacts_to<tick_atom>>;

using nats_link_actor = caf::typed_actor<
  // Somebody to be told of the connection, at once and at every change.
  caf::reacts_to<peer_atom, nats_user_peer>, caf::reacts_to<peer_atom, health_peer>,
  // Answered true when the server has what was sent on that connection before, subscriptions among it; false when
  // another connection took its place.
  caf::replies_to<confirm_atom, nats_connection_ptr>::with<bool>,
  // INTERNAL: the library connected or reconnected (true), or lost the connection with that number.
  caf::reacts_to<state_atom, std::uint64_t, bool>,
  // INTERNAL: the library gave that connection up for good; why.
  caf::reacts_to<closed_atom, std::uint64_t, std::string>,
  // INTERNAL: the round trip with that number came back.
  caf::reacts_to<probe_atom, std::uint64_t>,
  // INTERNAL: time for the next round trip, the next attempt and the report.
  caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_connection_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_state_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::reply_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::invalidated_tokens_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::forwarder_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::pending_token_requests_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::pending_transition_requests_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::pending_password_requests_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::pending_certificate_requests_ptr)
