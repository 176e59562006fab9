#include "actors/root_children.hpp"

#include "actors/database_access.hpp"
#include "actors/fault_injection.hpp"
#include "actors/health_reporter.hpp"
#include "actors/nats_egress.hpp"
#include "actors/nats_link.hpp"
#include "actors/nats_subscription.hpp"
#include "actors/storage_gate.hpp"
#include "actors/token_validator.hpp"
#include "core/exit_status.hpp"
#include "core/uuid.hpp"
#include "messaging/subjects.hpp"

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include <utility>

namespace cm::actors {

namespace {

template <class Handle>
caf::actor untyped(const Handle& handle) {
  return caf::actor_cast<caf::actor>(handle);
}

void add(root_pointer self, std::string name, std::function<caf::actor()> spawn,
         std::function<void()> inject = nullptr) {
  auto& state = self->state;
  state.children.push_back(std::make_unique<root_child>(root_child{std::move(name), std::move(spawn), std::move(inject),
                                                                   child_record{state.settings.supervision}, nullptr}));
  start_child(self, state.children.size() - 1);
}

http_collaborators collaborators(const root_state& state) {
  return {state.gate, state.manager, state.health};
}

void add_io_loop(root_pointer self, std::string name, const io_context_ptr& io) {
  add(
    self, std::move(name), [self, io] { return untyped(self->spawn<caf::detached>(io_loop, io)); },
    // The loop's thread is not in its mailbox: the fault has to come from within the loop.
    [io] { boost::asio::post(*io, [] { inject_fault(fault_request()); }); });
}

void add_health(root_pointer self) {
  add(self, "health", [self] {
    auto& state = self->state;
    const health_settings settings;
    state.health = self->spawn(health_reporter, settings);
    self->send(state.health, ready_v, state.now == root_state::phase::serving);
    self->send(state.gate, peer_v, health_peer{state.health});
    self->send(state.link, peer_v, health_peer{state.health});
    self->send(state.license, peer_v, health_peer{state.health});
    self->send(state.management_listener, peer_v, health_peer{state.health});
    return untyped(state.health);
  });
}

void add_management_listener(root_pointer self) {
  auto context = std::make_shared<management_context>(self->state.settings.settings.management);
  context->info = self->state.settings.info;
  const std::shared_ptr<const management_context> shared = std::move(context);
  add(self, "management-listener", [self, shared] {
    auto& state = self->state;
    http_listener_settings settings;
    settings.acceptor = state.settings.management_acceptor;
    settings.spawn_session = [shared](http_listener_pointer listener, socket_ptr accepted,
                                      const http_collaborators& peers) {
      return listener->spawn(management_session, std::move(accepted), peers, shared);
    };
    state.management_listener = self->spawn(http_listener, std::move(settings), collaborators(state));
    return untyped(state.management_listener);
  });
}

void add_gate(root_pointer self) {
  add(self, "storage-gate", [self] {
    auto& state = self->state;
    const auto me = caf::actor_cast<root_actor>(self);
    storage_gate_settings settings;
    settings.dispatcher.workers = state.settings.settings.database.pool_size;
    settings.dispatcher.replica = state.settings.info.replica_id;
    settings.on_first_contact = [me] { caf::anon_send(me, ready_v, milestone::storage); };
    settings.on_refused_schema = [me](const std::string& why) {
      caf::anon_send(
        me, give_up_v,
        std::make_shared<const fatal_problem>(fatal_problem{static_cast<int>(core::exit_status::configuration), why}));
    };
    state.gate = self->spawn(storage_gate, std::move(settings), state.health);
    for (std::size_t i = 0; i < state.workers.size(); ++i) {
      if (state.workers[i])
        self->send(state.gate, peer_v, i, database_access_peer{state.workers[i]});
    }
    const worker_listener_peer listener{state.gate};
    for (const auto& worker : state.workers)
      self->send(worker, peer_v, listener);
    for (const auto& validator : state.validators)
      self->send(validator, peer_v, storage_gate_peer{state.gate});
    self->send(state.manager, peer_v, storage_gate_peer{state.gate});
    self->send(state.api_listener, peer_v, storage_gate_peer{state.gate});
    return untyped(state.gate);
  });
}

void add_worker(root_pointer self, std::size_t index) {
  add(self, "storage-worker-" + std::to_string(index), [self, index] {
    auto& state = self->state;
    database_access_settings settings;
    settings.database = state.settings.settings.database;
    settings.index = index;
    // A process that has worked on this schema goes on when a newer release migrates it (expand, then contract).
    settings.newer = state.storage_met ? storage::newer_schema::accepted : storage::newer_schema::refused;
    state.workers[index] =
      self->spawn<caf::detached>(database_access, std::move(settings), worker_listener_actor{state.gate});
    self->send(state.gate, peer_v, index, database_access_peer{state.workers[index]});
    return untyped(state.workers[index]);
  });
}

void add_manager(root_pointer self) {
  add(self, "credential-manager", [self] {
    auto& state = self->state;
    credential_manager_settings settings;
    settings.hash_key = state.settings.settings.credentials.token_hash_key;
    settings.token_length = state.settings.settings.credentials.token_length;
    settings.applications = state.applications;
    state.manager = self->spawn(credential_manager, std::move(settings), state.gate);
    self->send(state.license, peer_v, credential_manager_peer{state.manager});
    self->send(state.api_listener, peer_v, credential_manager_peer{state.manager});
    return untyped(state.manager);
  });
}

void add_license(root_pointer self) {
  add(self, "license", [self] {
    auto& state = self->state;
    state.license = self->spawn(license_check, state.settings.license, state.health, state.manager);
    return untyped(state.license);
  });
}

void add_link(root_pointer self) {
  add(self, "nats-link", [self] {
    auto& state = self->state;
    const auto me = caf::actor_cast<root_actor>(self);
    nats_link_settings settings;
    settings.nats = state.settings.settings.nats;
    settings.probe_subject = "_INBOX." + core::to_string(core::random_uuid());
    settings.on_first_contact = [me] { caf::anon_send(me, ready_v, milestone::nats); };
    state.link = self->spawn<caf::detached>(nats_link, std::move(settings), state.health);
    if (state.token_subscription)
      self->send(state.link, peer_v, nats_subscription_peer{state.token_subscription});
    return untyped(state.link);
  });
}

void add_egress(root_pointer self) {
  add(self, "nats-egress", [self] {
    auto& state = self->state;
    state.egress = self->spawn<caf::detached>(nats_egress);
    for (const auto& validator : state.validators)
      self->send(validator, peer_v, nats_egress_peer{state.egress});
    return untyped(state.egress);
  });
}

void add_validator(root_pointer self, std::size_t index) {
  add(self, "token-validator-" + std::to_string(index), [self, index] {
    auto& state = self->state;
    token_validator_settings settings;
    settings.hash_key = state.settings.settings.credentials.token_hash_key;
    settings.applications = state.applications;
    state.validators[index] = self->spawn(token_validator, std::move(settings), state.gate, state.egress);
    self->send(state.token_subscription, peer_v, index, token_validator_peer{state.validators[index]});
    return untyped(state.validators[index]);
  });
}

void add_token_subscription(root_pointer self) {
  add(self, "nats-ep-token", [self] {
    auto& state = self->state;
    const auto& instance = state.settings.settings.instance_name;
    nats_subscription_settings settings;
    settings.subject = messaging::subjects::ep_token_request(instance);
    settings.queue_group = instance;
    settings.queue_length = state.settings.settings.credentials.provider_queue_length;
    state.token_subscription = self->spawn(nats_subscription, std::move(settings), state.validators);
    self->send(state.link, peer_v, nats_subscription_peer{state.token_subscription});
    return untyped(state.token_subscription);
  });
}

void add_api_listener(root_pointer self) {
  const auto context = std::make_shared<const api_context>();
  add(self, "api-listener", [self, context] {
    auto& state = self->state;
    http_listener_settings settings;
    settings.acceptor = state.api_acceptor;
    settings.spawn_session = [context](http_listener_pointer listener, socket_ptr accepted,
                                       const http_collaborators& peers) {
      return listener->spawn(api_session, std::move(accepted), peers, context);
    };
    state.api_listener = self->spawn(http_listener, std::move(settings), collaborators(state));
    return untyped(state.api_listener);
  });
}

} // namespace

void start_child(root_pointer self, std::size_t index) {
  auto& child = *self->state.children[index];
  child.handle = child.spawn();
  self->monitor(child.handle);
  child.record.started(self->clock().now());
}

void add_first_children(root_pointer self) {
  auto& state = self->state;
  state.applications = std::make_shared<const application_directory>(
    state.settings.settings.credentials.applications.begin(), state.settings.settings.credentials.applications.end());
  add_health(self);
  add_io_loop(self, "management-io", state.settings.management_io);
  add_management_listener(self);
  add_gate(self);
  state.workers.resize(state.settings.settings.database.pool_size);
  for (std::size_t i = 0; i < state.workers.size(); ++i)
    add_worker(self, i);
  add_manager(self);
  add_license(self);
  add_link(self);
  add_egress(self);
  state.validators.resize(state.settings.settings.credentials.provider_concurrency);
  for (std::size_t i = 0; i < state.validators.size(); ++i)
    add_validator(self, i);
}

core::expected<void> add_serving_children(root_pointer self) {
  auto& state = self->state;
  auto opened = http::acceptor::open(*state.settings.api_io, {}, state.settings.settings.server.port,
                                     logging_acceptor("the API port"));
  if (opened.has_error())
    return opened.error();
  state.api_acceptor = std::move(*opened);
  add_token_subscription(self);
  add_io_loop(self, "api-io", state.settings.api_io);
  add_api_listener(self);
  return {};
}

} // namespace cm::actors
