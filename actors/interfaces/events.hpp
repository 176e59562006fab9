// Events of revocations: who publishes them, and who follows those of other replicas.
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

/// Events of a committed change, as the outbox holds them.
using revocations_ptr = std::shared_ptr<const std::vector<core::revocation>>;

/// What was published on a connection after that mark.
struct publication {
  std::shared_ptr<messaging::connection> connection;
  messaging::publication_mark since;
};

using publication_ptr = std::shared_ptr<const publication>;

/// Whether the NATS server has it (messaging::connection::confirm).
using confirmation = core::expected<void>;
using confirmation_ptr = std::shared_ptr<const confirmation>;

/// The blocking half of the event publisher.
using event_confirmer_actor = caf::typed_actor<
  // Waits until the NATS server has it.
  caf::replies_to<confirm_atom, publication_ptr>::with<confirmation_ptr>>;

using event_publisher_actor = caf::typed_actor<
  // Events that were just written to the outbox by this replica.
  caf::reacts_to<publish_atom, revocations_ptr>,
  // Events of other replicas that were not heard here: published too, while their outbox rows stay with their owners.
  caf::reacts_to<republish_atom, revocations_ptr>,
  // The connection to publish on, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Answered when all events that are known here are confirmed, or cannot be.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, health_peer>,
  // INTERNAL: publish what waits.
  caf::reacts_to<begin_atom>,
  // INTERNAL: time to look into the outbox and to report.
  caf::reacts_to<tick_atom>>;

struct event_publisher_peer {
  event_publisher_actor handle;
};

using revocation_follower_actor = caf::typed_actor<
  // Reads what other replicas have revoked until now, and drops it from memory; answered when that is done, false where
  // the database did not answer.
  caf::replies_to<read_atom>::with<bool>,
  // Events that came over NATS.
  caf::reacts_to<heard_atom, invalidated_tokens_ptr>,
  // The connection, new or lost.
  caf::reacts_to<nats_atom, nats_state_ptr>,
  // Who is told of revoked tokens.
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>,
  // INTERNAL: the grace time of an event is over.
  caf::reacts_to<watch_atom>,
  // INTERNAL: time for the next reading.
  caf::reacts_to<tick_atom>>;

struct revocation_follower_peer {
  revocation_follower_actor handle;
};

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::revocations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::publication_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::confirmation_ptr)
