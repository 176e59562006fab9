// NATS: the connection, the subscriptions and their deliveries, and the publishing of replies.
#pragma once

#include "actors/interfaces/atoms.hpp"
#include "actors/interfaces/nats_requests.hpp"
#include "actors/interfaces/peers.hpp"
#include "actors/interfaces/reload.hpp"
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

/// Requests and replies share ownership of their connection, so it exists until the last reply was published.
using nats_connection_ptr = std::shared_ptr<messaging::connection>;

/// The state of the NATS connection.
struct nats_state {
  nats_connection_ptr connection; ///< null before the first attempt
  bool up = false;                ///< the server answers round trips
};

using nats_state_ptr = std::shared_ptr<const nats_state>;

/// A credential that a revocation event named, with the event's timestamp.
struct received_credential {
  core::uuid id;
  core::timestamp at{};
};

/// Tokens that this replica or another one revoked: their entries in memory are invalid.
struct invalidated_tokens {
  std::vector<core::uuid> ids;
  bool everything = false;                   ///< it is unknown which tokens were revoked: all entries are invalid
  std::vector<received_credential> received; ///< tokens and client credentials in events that were received over NATS
};

using invalidated_tokens_ptr = std::shared_ptr<const invalidated_tokens>;

/// Unregistered endpoints were added to the backlog.
struct removal_news {};

/// The configuration in Tekton has changed; the event does not say what, so all of it is read.
struct configuration_news {};

/// The decoded messages of one batch of a subscription.
using delivery =
  std::variant<pending_token_requests_ptr, pending_transition_requests_ptr, pending_password_requests_ptr,
               pending_certificate_requests_ptr, removal_news, configuration_news, invalidated_tokens_ptr>;

/// Sends a delivery to the actor that handles it. Thread-safe.
using forwarder = std::function<void(const delivery&)>;
using forwarder_ptr = std::shared_ptr<const forwarder>;

using nats_egress_actor = caf::typed_actor<
  // Publishes the replies; one flush follows for all batches that are queued.
  caf::reacts_to<answer_atom, reply_batch_ptr>,
  // INTERNAL: all queued batches are published: flush.
  caf::reacts_to<flush_atom>,
  // Answered true when every batch sent before was published and flushed.
  caf::replies_to<drain_atom>::with<bool>>;

struct nats_egress_peer {
  nats_egress_actor handle;
};

/// The part of the interface that actors which publish or subscribe on the connection have in common.
using nats_user_actor = caf::typed_actor<
  // The state of the NATS connection: at once, and at every change.
  caf::reacts_to<nats_atom, nats_state_ptr>>;

struct nats_user_peer {
  nats_user_actor handle;
};

using nats_subscription_actor = caf::typed_actor<
  // The state of the connection to subscribe on.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Unsubscribes. Answered true when every message received before was handled and, if it was a request, got its reply;
  // false if the actor ends before.
  caf::replies_to<drain_atom>::with<bool>,
  // The forwarder for deliveries from now on.
  caf::reacts_to<peer_atom, forwarder_ptr>,
  // The server has confirmed the subscription with this number.
  caf::reacts_to<confirm_atom, std::uint64_t>,
  // The server does not permit the subscription with this number: end it, and subscribe again later.
  caf::reacts_to<refused_atom, std::uint64_t>,
  // INTERNAL: the library has delivered the last message.
  caf::reacts_to<drained_atom>,
  // INTERNAL: timer: update the revocation feed and the counters.
  caf::reacts_to<watch_atom>,
  // INTERNAL: timer: subscribe again; or while draining, check whether all replies were published.
  caf::reacts_to<tick_atom>>;

using nats_link_actor = caf::typed_actor<
  // An actor that uses the connection: receives its state at once, and at every change.
  caf::reacts_to<peer_atom, nats_user_peer>, caf::reacts_to<peer_atom, health_peer>,
  // Answered true when the server has received everything that was sent on this connection before, subscriptions
  // included; false if another connection has replaced it.
  caf::replies_to<confirm_atom, nats_connection_ptr>::with<bool>,
  // The settings after a reload: the next connection uses their login and TLS files.
  caf::reacts_to<reload_atom, settings_ptr>,
  // INTERNAL: the connection with this number was made or restored (true), or lost (false).
  caf::reacts_to<state_atom, std::uint64_t, bool>,
  // INTERNAL: the library has closed the connection with this number for good; the reason.
  caf::reacts_to<closed_atom, std::uint64_t, std::string>,
  // INTERNAL: a server has refused to restore the connection with this number; its reason.
  caf::reacts_to<refused_atom, std::uint64_t, std::string>,
  // INTERNAL: the round trip with this number has returned.
  caf::reacts_to<probe_atom, std::uint64_t>,
  // INTERNAL: timer: the next connection attempt or round trip, and the health report.
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
