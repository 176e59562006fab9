// Spawns the actors that work with NATS, except for the subscriptions (root_subscriptions.cpp).
#include "actors/changes/endpoint_remover.hpp"
#include "actors/changes/tekton_follower.hpp"
#include "actors/changes/token_transitioner.hpp"
#include "actors/events/revocation_follower.hpp"
#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/nats/nats_egress.hpp"
#include "actors/nats/nats_link.hpp"
#include "actors/supervision/root.hpp"
#include "actors/supervision/spawn.hpp"
#include "actors/validation/client_validator.hpp"
#include "actors/validation/token_validator.hpp"
#include "core/base/uuid.hpp"
#include "messaging/nats/refusals.hpp"
#include "messaging/records/subjects.hpp"

#include <caf/send.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cm::actors {

nats_link_actor spawn_nats_link(root_pointer self, std::size_t /*index*/, const health_actor& health) {
  const auto& state = self->state;
  const auto me = caf::actor_cast<root_actor>(self);
  nats_link_settings settings;
  settings.nats = state.settings.settings.nats;
  settings.metrics = state.settings.metrics->nats;
  settings.probe_subject = "_INBOX." + core::to_string(core::random_uuid());
  settings.on_first_contact = [me] { caf::anon_send(me, ready_v, milestone::nats); };
  const auto& instance = state.settings.settings.instance_name;
  const std::array feeds{
    std::pair{messaging::subjects::endpoint_token_revoked(instance), state.token_feed},
    std::pair{messaging::subjects::client_credential_revoked(instance), state.client_feed},
  };
  for (const auto& [revoked, feed] : feeds)
    settings.event_subjects.push_back(revoked);
  settings.on_overflow = [feeds](std::string_view subject) {
    for (const auto& [revoked, feed] : feeds) {
      if (subject == revoked)
        feed->lose();
    }
  };
  settings.on_refusal = [me, feeds](std::string_view text) {
    for (const auto& [revoked, feed] : feeds) {
      if (messaging::refuses_subscription(text, revoked))
        feed->lose();
    }
    caf::anon_send(me, refused_v, std::string(text));
  };
  return self->spawn<caf::detached>(nats_link, std::move(settings), health);
}

nats_egress_actor spawn_nats_egress(root_pointer self, std::size_t /*index*/) {
  return self->spawn<caf::detached>(nats_egress, self->state.writer);
}

token_validator_actor spawn_token_validator(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                            const nats_egress_actor& egress) {
  const auto& state = self->state;
  const auto& credentials = state.settings.settings.credentials;
  token_validator_settings settings;
  settings.coalescer.hash_key = credentials.token_hash_key;
  settings.coalescer.applications = state.applications;
  settings.coalescer.trustful = credentials.trustful;
  settings.coalescer.cache.max_bytes = credentials.cache_max_bytes / token_validator_count(state);
  settings.coalescer.cache.time_to_live = credentials.cache_time_to_live;
  settings.feed = state.token_feed;
  settings.counters = state.settings.metrics->token_cache->validator(index);
  settings.writer = state.writer;
  return self->spawn<caf::detached>(token_validator, std::move(settings), gate, egress);
}

revocation_follower_actor spawn_revocation_follower(root_pointer self, std::size_t /*index*/,
                                                    const storage_gate_actor& gate,
                                                    const event_publisher_actor& publisher) {
  const auto& state = self->state;
  revocation_follower_settings settings;
  settings.token_feed = state.token_feed;
  settings.client_feed = state.client_feed;
  // From the sequence number to the commit a transaction takes a few round trips, each bounded by the socket time-out.
  const auto round_trip = state.settings.settings.database.socket_timeout;
  settings.gap_patience =
    round_trip.count() == 0 ? std::chrono::minutes{10} : 3 * round_trip + std::chrono::milliseconds{5'000};
  settings.metrics = state.settings.metrics->outbox;
  return self->spawn(revocation_follower, std::move(settings), gate, publisher);
}

client_validator_actor spawn_client_validator(root_pointer self, std::size_t /*index*/, const storage_gate_actor& gate,
                                              const password_pool_actor& passwords, const nats_egress_actor& egress) {
  client_validator_settings settings;
  settings.replica = self->state.settings.info.replica_id;
  settings.trustful = self->state.settings.settings.credentials.trustful;
  return self->spawn(client_validator, std::move(settings), gate, egress, passwords);
}

token_transitioner_actor spawn_token_transitioner(root_pointer self, std::size_t /*index*/,
                                                  const credential_manager_actor& manager,
                                                  const nats_egress_actor& egress) {
  token_transitioner_settings settings;
  settings.hash_key = self->state.settings.settings.credentials.token_hash_key;
  settings.applications = self->state.applications;
  return self->spawn(token_transitioner, std::move(settings), manager, egress);
}

endpoint_remover_actor spawn_endpoint_remover(root_pointer self, std::size_t /*index*/, const storage_gate_actor& gate,
                                              const credential_manager_actor& manager) {
  endpoint_remover_settings settings;
  settings.metrics = self->state.settings.metrics->removals;
  return self->spawn(endpoint_remover, std::move(settings), self->state.removals, manager, gate);
}

tekton_follower_actor spawn_tekton_follower(root_pointer self, std::size_t /*index*/) {
  const auto me = caf::actor_cast<root_actor>(self);
  tekton_follower_settings settings;
  settings.url = self->state.settings.settings.tekton.url;
  settings.configured = self->state.settings.settings.credentials.applications;
  settings.on_change = [me](application_directory_ptr known) { caf::anon_send(me, directory_v, std::move(known)); };
  return self->spawn<caf::detached>(tekton_follower, std::move(settings));
}

} // namespace cm::actors
