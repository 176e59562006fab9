#include "actors/supervision/root_messaging.hpp"

#include "actors/changes/endpoint_remover.hpp"
#include "actors/changes/removal_losses.hpp"
#include "actors/changes/removal_metrics.hpp"
#include "actors/changes/tekton_follower.hpp"
#include "actors/changes/token_transitioner.hpp"
#include "actors/events/revocation_follower.hpp"
#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/nats/nats_egress.hpp"
#include "actors/nats/nats_link.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_children.hpp"
#include "actors/validation/client_validator.hpp"
#include "actors/validation/token_validator.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_key.hpp"
#include "core/observability/logging.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/records/subjects.hpp"

#include <caf/send.hpp>

#include <array>
#include <functional>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

// -- forwarders -------------------------------------------------------------------------------------------------------

// Makes the forwarder of revoked tokens: to all token validators, and, if the event came over NATS, to the follower.
forwarder_ptr to_invalidate(const root_state& state) {
  return std::make_shared<const forwarder>(
    [validators = state.validators, follower = state.follower](const delivery& delivered) {
      const auto* revoked = std::get_if<invalidated_tokens_ptr>(&delivered);
      if (revoked == nullptr)
        return;
      if (!(*revoked)->ids.empty() || (*revoked)->everything) {
        for (const auto& validator : validators)
          caf::anon_send(validator, invalidate_v, *revoked);
      }
      if (!(*revoked)->heard.empty())
        caf::anon_send(follower, heard_v, *revoked);
    });
}

// To be called when a receiver of revoked tokens was restarted.
void renew_invalidate(root_pointer self) {
  auto& state = self->state;
  state.invalidate = to_invalidate(state);
  self->send(state.manager, peer_v, state.invalidate);
  self->send(state.follower, peer_v, state.invalidate);
}

// To be called when a receiver of deliveries was restarted.
void renew_forwarders(root_pointer self) {
  for (const auto& subscription : self->state.subscriptions) {
    if (subscription.handle)
      self->send(subscription.handle, peer_v, subscription.make_forwarder());
  }
}

// -- children ---------------------------------------------------------------------------------------------------------

void add_link(root_pointer self) {
  add_child(self, "nats-link", [self] {
    auto& state = self->state;
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
    state.link = self->spawn<caf::detached>(nats_link, std::move(settings), state.health);
    self->send(state.link, peer_v, nats_user_peer{state.publisher});
    if (state.follower)
      self->send(state.link, peer_v, nats_user_peer{state.follower});
    for (const auto& subscription : state.subscriptions) {
      if (subscription.handle)
        self->send(state.link, peer_v, nats_user_peer{subscription.handle});
    }
    return untyped(state.link);
  });
}

void add_egress(root_pointer self) {
  add_child(self, "nats-egress", [self] {
    auto& state = self->state;
    state.egress = self->spawn<caf::detached>(nats_egress, state.writer);
    for (const auto& validator : state.validators)
      self->send(validator, peer_v, nats_egress_peer{state.egress});
    self->send(state.client_validator, peer_v, nats_egress_peer{state.egress});
    self->send(state.transitioner, peer_v, nats_egress_peer{state.egress});
    return untyped(state.egress);
  });
}

void add_validator(root_pointer self, std::size_t index) {
  add_child(self, "token-validator-" + std::to_string(index), [self, index] {
    auto& state = self->state;
    const auto& credentials = state.settings.settings.credentials;
    token_validator_settings settings;
    settings.coalescer.hash_key = credentials.token_hash_key;
    settings.coalescer.applications = state.applications;
    settings.coalescer.trustful = credentials.trustful;
    settings.coalescer.cache.max_bytes = credentials.cache_max_bytes / state.validators.size();
    settings.coalescer.cache.time_to_live = credentials.cache_time_to_live;
    settings.feed = state.token_feed;
    settings.counters = state.settings.metrics->token_cache->validator(index);
    settings.writer = state.writer;
    state.validators[index] = self->spawn(token_validator, std::move(settings), state.gate, state.egress);
    renew_invalidate(self);
    renew_forwarders(self);
    return untyped(state.validators[index]);
  });
}

void add_follower(root_pointer self) {
  add_child(self, "revocation-follower", [self] {
    auto& state = self->state;
    revocation_follower_settings settings;
    settings.token_feed = state.token_feed;
    settings.client_feed = state.client_feed;
    // From the sequence number to the commit a transaction takes a few round trips, each bounded by the socket
    // time-out.
    const auto round_trip = state.settings.settings.database.socket_timeout;
    settings.gap_patience =
      round_trip.count() == 0 ? std::chrono::minutes{10} : 3 * round_trip + std::chrono::milliseconds{5'000};
    settings.metrics = state.settings.metrics->outbox;
    state.follower = self->spawn(revocation_follower, std::move(settings), state.gate, state.publisher);
    renew_invalidate(self);
    renew_forwarders(self);
    self->send(state.manager, peer_v, revocation_follower_peer{state.follower});
    self->send(state.link, peer_v, nats_user_peer{state.follower});
    return untyped(state.follower);
  });
}

void add_client_validator(root_pointer self) {
  add_child(self, "client-validator", [self] {
    auto& state = self->state;
    client_validator_settings settings;
    settings.replica = state.settings.info.replica_id;
    settings.trustful = state.settings.settings.credentials.trustful;
    state.client_validator =
      self->spawn(client_validator, std::move(settings), state.gate, state.egress, state.passwords);
    renew_forwarders(self);
    return untyped(state.client_validator);
  });
}

void add_transitioner(root_pointer self) {
  add_child(self, "token-transitioner", [self] {
    auto& state = self->state;
    token_transitioner_settings settings;
    settings.hash_key = state.settings.settings.credentials.token_hash_key;
    settings.applications = state.applications;
    state.transitioner = self->spawn(token_transitioner, std::move(settings), state.manager, state.egress);
    renew_forwarders(self);
    return untyped(state.transitioner);
  });
}

void add_remover(root_pointer self) {
  self->state.removals = std::make_shared<removal_backlog>();
  self->state.settings.metrics->removals->unregistered.link(self->state.removals->count());
  add_child(self, "endpoint-remover", [self] {
    auto& state = self->state;
    endpoint_remover_settings settings;
    settings.metrics = state.settings.metrics->removals;
    state.remover = self->spawn(endpoint_remover, std::move(settings), state.removals, state.manager, state.gate);
    renew_forwarders(self);
    return untyped(state.remover);
  });
}

void add_tekton(root_pointer self) {
  add_child(self, "tekton-follower", [self] {
    auto& state = self->state;
    const auto me = caf::actor_cast<root_actor>(self);
    tekton_follower_settings settings;
    settings.url = state.settings.settings.tekton.url;
    settings.configured = state.settings.settings.credentials.applications;
    settings.on_change = [me](application_directory_ptr known) { caf::anon_send(me, directory_v, std::move(known)); };
    state.tekton = self->spawn<caf::detached>(tekton_follower, std::move(settings));
    renew_forwarders(self);
    return untyped(state.tekton);
  });
}

} // namespace

void add_messaging_children(root_pointer self) {
  auto& state = self->state;
  state.keyer = std::make_shared<const core::token_keyer>();
  state.token_feed = std::make_shared<revocation_feed>();
  state.client_feed = std::make_shared<revocation_feed>();
  add_link(self);
  add_egress(self);
  state.validators.resize(state.settings.settings.credentials.workers_per_role());
  for (std::size_t i = 0; i < state.validators.size(); ++i)
    add_validator(self, i);
  add_follower(self);
  add_client_validator(self);
  add_transitioner(self);
  add_remover(self);
  if (state.settings.settings.tekton.enabled)
    add_tekton(self);
}

void name_unfinished_removals(root_pointer self) {
  constexpr std::size_t batch = 256;
  auto& state = self->state;
  if (!state.removals)
    return;
  removal_losses losses(state.settings.metrics->removals, removal_loss::stop);
  state.removals->put_back_all();
  for (auto left = state.removals->take(batch); !left.empty(); left = state.removals->take(batch)) {
    for (const auto& removal : left)
      losses.add(removal.endpoint_id);
  }
}

} // namespace cm::actors
