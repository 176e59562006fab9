// Revocation events: the event publisher, and the revocation follower, which reads the revocations of other replicas
// from the database.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "core/base/error.hpp"
#include "core/credentials/revocation.hpp"
#include "messaging/nats/connection.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <vector>

namespace cm::actors {

/// Events of committed changes, as the outbox holds them.
using revocations_ptr = std::shared_ptr<const std::vector<core::revocation>>;

/// What was published on a connection after a mark.
struct publication {
  std::shared_ptr<messaging::connection> connection;
  messaging::publication_mark since;
};

using publication_ptr = std::shared_ptr<const publication>;

/// Whether the NATS server has received a publication (messaging::connection::confirm).
using confirmation = core::expected<void>;
using confirmation_ptr = std::shared_ptr<const confirmation>;

/// The blocking half of the event publisher.
using event_confirmer_actor = caf::typed_actor<
  // Waits until the NATS server has received the publication; blocks. Answered with the confirmation, or with an error.
  caf::replies_to<confirm_atom, publication_ptr>::with<confirmation_ptr>>;

using event_publisher_actor = caf::typed_actor<
  // Publishes events that this replica has just written to the outbox, and deletes their rows after confirmation.
  caf::reacts_to<publish_atom, revocations_ptr>,
  // Publishes events of other replicas that were not received over NATS. Their outbox rows are left to their owners.
  caf::reacts_to<republish_atom, revocations_ptr>,
  // The state of the NATS connection to publish on.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Answered when all known events are confirmed and deleted, or when the time for that is over.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: publish the queued events.
  caf::reacts_to<begin_atom>,
  // INTERNAL: timer: read the outbox, and report to health.
  caf::reacts_to<tick_atom>>;

struct event_publisher_peer {
  event_publisher_actor handle;
};

using revocation_follower_actor = caf::typed_actor<
  // Reads what other replicas have revoked until now, and notifies the validators. Answered true when that is done,
  // false if the database did not answer.
  caf::replies_to<read_atom>::with<bool>,
  // Revocation events that were received over NATS: the follower need not publish them again.
  caf::reacts_to<received_atom, invalidated_tokens_ptr>,
  // The state of the NATS connection.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // The forwarder that notifies all validators of this replica of revoked tokens.
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>,
  // INTERNAL: timer: the grace time of an event is over; publish it again if it was not received over NATS.
  caf::reacts_to<watch_atom>,
  // INTERNAL: timer: read new revocations from the database.
  caf::reacts_to<tick_atom>>;

struct revocation_follower_peer {
  revocation_follower_actor handle;
};

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::revocations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::publication_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::confirmation_ptr)
