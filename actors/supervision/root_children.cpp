#include "actors/supervision/root_children.hpp"

#include "actors/database/database_worker.hpp"
#include "actors/database/housekeeper.hpp"
#include "actors/database/storage_gate.hpp"
#include "actors/events/event_publisher.hpp"
#include "actors/health/health_reporter.hpp"
#include "actors/http/token_reader.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/runtime/fault_injection.hpp"
#include "actors/supervision/root_messaging.hpp"
#include "actors/supervision/root_subscriptions.hpp"
#include "actors/validation/password_pool.hpp"
#include "core/base/exit_status.hpp"
#include "core/credentials/token_hash.hpp"

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace cm::actors {

namespace {

http_collaborators collaborators(const root_state& state) {
  return {state.gate, state.manager, state.health, state.passwords, state.reader};
}

void add_io_loop(root_pointer self, std::string name, const io_context_ptr& io) {
  add_child(
    self, std::move(name), [self, io] { return untyped(self->spawn<caf::detached>(io_loop, io)); },
    // The actor runs the loop and reads no messages meanwhile, so the fault has to be injected into the loop.
    [io] { boost::asio::post(*io, [] { inject_fault(fault_request()); }); });
}

void add_health(root_pointer self) {
  add_child(self, "health", [self] {
    auto& state = self->state;
    health_settings settings;
    settings.lost_removals = [removals = state.settings.metrics->removals] { return removals->all_lost(); };
    if (state.settings.settings.credentials.trustful)
      settings.warnings.emplace_back("trustful mode: unknown credentials are accepted; not for production");
    state.health = self->spawn(health_reporter, settings);
    self->send(state.health, ready_v, state.ready);
    self->send(state.health, refused_v, state.refused_subjects);
    self->send(state.gate, peer_v, health_peer{state.health});
    self->send(state.link, peer_v, health_peer{state.health});
    self->send(state.license, peer_v, health_peer{state.health});
    self->send(state.publisher, peer_v, health_peer{state.health});
    self->send(state.management_listener, peer_v, health_peer{state.health});
    self->send(state.agent_listener, peer_v, health_peer{state.health});
    return untyped(state.health);
  });
}

std::shared_ptr<const management_context> make_management_context(const root_settings& settings) {
  auto context = std::make_shared<management_context>(settings.settings.management);
  context->info = settings.info;
  context->metrics = settings.metrics->registry;
  context->rest = settings.metrics->rest;
  context->memory_budget = settings.settings.memory_budget_bytes;
  return context;
}

void add_agent_listener(root_pointer self) {
  const auto& configured = self->state.settings;
  const auto shared = std::make_shared<const agent_context>(
    agent_context{configured.settings.agent.password, make_management_context(configured)});
  add_child(self, "agent-listener", [self, shared] {
    auto& state = self->state;
    http_listener_settings settings;
    settings.acceptor = state.settings.agent_acceptor;
    settings.spawn_session = [shared](http_listener_pointer listener, socket_ptr accepted,
                                      const http_collaborators& peers) {
      return listener->spawn(agent_session, std::move(accepted), peers, shared);
    };
    state.agent_listener = self->spawn(http_listener, std::move(settings), collaborators(state));
    return untyped(state.agent_listener);
  });
}

void add_management_listener(root_pointer self) {
  const auto shared = make_management_context(self->state.settings);
  add_child(self, "management-listener", [self, shared] {
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
  add_child(self, "storage-gate", [self] {
    auto& state = self->state;
    const auto me = caf::actor_cast<root_actor>(self);
    storage_gate_settings settings;
    settings.dispatcher.workers = state.settings.settings.database.pool_size;
    settings.dispatcher.replica = state.settings.info.replica_id;
    settings.hosts = state.database_hosts;
    settings.metrics = state.settings.metrics->database;
    settings.on_first_contact = [me] { caf::anon_send(me, ready_v, milestone::storage); };
    settings.on_refused_database = [me](const std::string& why) {
      caf::anon_send(
        me, give_up_v,
        std::make_shared<const fatal_problem>(fatal_problem{static_cast<int>(core::exit_status::configuration), why}));
    };
    state.gate = self->spawn(storage_gate, std::move(settings), state.health);
    for (std::size_t i = 0; i < state.workers.size(); ++i) {
      if (state.workers[i])
        self->send(state.gate, peer_v, i, database_worker_peer{state.workers[i]});
    }
    const worker_listener_peer listener{state.gate};
    for (const auto& worker : state.workers)
      self->send(worker, peer_v, listener);
    for (const auto& validator : state.validators)
      self->send(validator, peer_v, storage_gate_peer{state.gate});
    self->send(state.follower, peer_v, storage_gate_peer{state.gate});
    self->send(state.manager, peer_v, storage_gate_peer{state.gate});
    self->send(state.publisher, peer_v, storage_gate_peer{state.gate});
    self->send(state.client_validator, peer_v, storage_gate_peer{state.gate});
    self->send(state.remover, peer_v, storage_gate_peer{state.gate});
    self->send(state.housekeeper, peer_v, storage_gate_peer{state.gate});
    self->send(state.reader, peer_v, storage_gate_peer{state.gate});
    self->send(state.api_listener, peer_v, storage_gate_peer{state.gate});
    return untyped(state.gate);
  });
}

void add_worker(root_pointer self, std::size_t index) {
  add_child(self, "database-worker-" + std::to_string(index), [self, index] {
    auto& state = self->state;
    database_worker_settings settings;
    settings.database = state.settings.settings.database;
    settings.index = index;
    // A running process continues if a newer release migrates the schema, since migrations expand first and contract
    // later. A process that starts refuses a newer schema.
    settings.newer = state.storage_met ? storage::newer_schema::accepted : storage::newer_schema::refused;
    settings.hash_key = core::key_fingerprint(state.settings.settings.credentials.token_hash_key);
    settings.hosts = state.database_hosts;
    state.workers[index] =
      self->spawn<caf::detached>(database_worker, std::move(settings), worker_listener_actor{state.gate});
    self->send(state.gate, peer_v, index, database_worker_peer{state.workers[index]});
    return untyped(state.workers[index]);
  });
}

void add_manager(root_pointer self) {
  add_child(self, "credential-manager", [self] {
    auto& state = self->state;
    credential_manager_settings settings;
    settings.hash_key = state.settings.settings.credentials.token_hash_key;
    settings.token_length = state.settings.settings.credentials.token_length;
    settings.applications = state.applications;
    state.manager = self->spawn(credential_manager, std::move(settings), state.gate, state.publisher);
    if (state.invalidate)
      self->send(state.manager, peer_v, state.invalidate);
    self->send(state.manager, peer_v, revocation_follower_peer{state.follower});
    self->send(state.license, peer_v, credential_manager_peer{state.manager});
    self->send(state.transitioner, peer_v, credential_manager_peer{state.manager});
    self->send(state.remover, peer_v, credential_manager_peer{state.manager});
    self->send(state.api_listener, peer_v, credential_manager_peer{state.manager});
    return untyped(state.manager);
  });
}

void add_license(root_pointer self) {
  add_child(self, "license", [self] {
    auto& state = self->state;
    state.license = self->spawn(license_check, state.settings.license, state.health, state.manager);
    return untyped(state.license);
  });
}

void add_publisher(root_pointer self) {
  add_child(self, "event-publisher", [self] {
    auto& state = self->state;
    event_publisher_settings settings;
    settings.instance = state.settings.settings.instance_name;
    settings.replica_id = state.settings.info.replica_id;
    settings.metrics = state.settings.metrics->outbox;
    settings.writer = state.writer;
    state.publisher = self->spawn<caf::detached>(event_publisher, std::move(settings), state.gate, state.health);
    self->send(state.manager, peer_v, event_publisher_peer{state.publisher});
    self->send(state.follower, peer_v, event_publisher_peer{state.publisher});
    self->send(state.link, peer_v, nats_user_peer{state.publisher});
    return untyped(state.publisher);
  });
}

void add_password_pool(root_pointer self) {
  add_child(self, "password-pool", [self] {
    auto& state = self->state;
    password_pool_settings settings;
    settings.workers = state.password_workers.size();
    settings.metrics = state.settings.metrics->passwords;
    state.passwords = self->spawn(password_pool, settings);
    for (std::size_t i = 0; i < state.password_workers.size(); ++i) {
      if (state.password_workers[i])
        self->send(state.passwords, peer_v, i, password_worker_peer{state.password_workers[i]});
    }
    self->send(state.client_validator, peer_v, password_pool_peer{state.passwords});
    self->send(state.api_listener, peer_v, password_pool_peer{state.passwords});
    return untyped(state.passwords);
  });
}

void add_password_worker(root_pointer self, std::size_t index) {
  add_child(self, "password-worker-" + std::to_string(index), [self, index] {
    auto& state = self->state;
    state.password_workers[index] = self->spawn<caf::detached>(password_worker);
    self->send(state.passwords, peer_v, index, password_worker_peer{state.password_workers[index]});
    return untyped(state.password_workers[index]);
  });
}

void add_housekeeper(root_pointer self) {
  add_child(self, "housekeeper", [self] {
    auto& state = self->state;
    housekeeper_settings settings;
    settings.audit_retention = state.settings.settings.credentials.audit_retention;
    settings.revocations_retention = state.settings.settings.credentials.revocations_retention;
    state.housekeeper = self->spawn(housekeeper, settings, state.gate);
    return untyped(state.housekeeper);
  });
}

void add_token_reader(root_pointer self) {
  add_child(self, "token-reader", [self] {
    auto& state = self->state;
    state.reader = self->spawn(token_reader, token_reader_settings{}, state.gate);
    self->send(state.api_listener, peer_v, token_reader_peer{state.reader});
    return untyped(state.reader);
  });
}

void add_api_listener(root_pointer self) {
  auto created = std::make_shared<api_context>();
  const auto& metrics = self->state.settings.metrics;
  for (std::size_t i = 0; i < self->state.settings.api_io.size(); ++i)
    created->loops.push_back({self->state.settings.api_io[i].get(), metrics->rest->loop(i)});
  const std::shared_ptr<const api_context> context = std::move(created);
  add_child(self, "api-listener", [self, context] {
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

void add_child(root_pointer self, std::string name, std::function<caf::actor()> spawn, std::function<void()> inject) {
  auto& state = self->state;
  auto counters = state.settings.metrics->actors->get(name);
  state.children.push_back(
    std::make_unique<root_child>(root_child{std::move(name), std::move(spawn), std::move(inject),
                                            child_record{state.settings.supervision}, nullptr, std::move(counters)}));
  start_child(self, state.children.size() - 1);
}

void start_child(root_pointer self, std::size_t index) {
  auto& child = *self->state.children[index];
  child.handle = child.spawn();
  self->monitor(child.handle);
  child.record.started(self->clock().now());
  child.counters->present.set(1);
}

void add_first_children(root_pointer self) {
  auto& state = self->state;
  const auto& credentials = state.settings.settings.credentials;
  state.applications = configured_applications(credentials.applications);
  state.writer = std::make_shared<reply_writer>(state.settings.metrics->nats);
  add_health(self);
  add_io_loop(self, "management-io", state.settings.management_io);
  add_management_listener(self);
  if (state.settings.agent_acceptor)
    add_agent_listener(self);
  add_gate(self);
  state.workers.resize(state.settings.settings.database.pool_size);
  for (std::size_t i = 0; i < state.workers.size(); ++i)
    add_worker(self, i);
  add_publisher(self);
  add_manager(self);
  add_license(self);
  // At most half of the cores: password hashes must not slow down token validation.
  state.password_workers.resize(credentials.workers_per_role());
  add_password_pool(self);
  for (std::size_t i = 0; i < state.password_workers.size(); ++i)
    add_password_worker(self, i);
  add_housekeeper(self);
  add_token_reader(self);
  add_messaging_children(self);
}

core::expected<void> add_serving_children(root_pointer self) {
  auto& state = self->state;
  auto accepting = logging_acceptor("the API port");
  for (const auto& io : state.settings.api_io)
    accepting.loops.push_back(io->get_executor());
  auto opened =
    http::acceptor::open(*state.settings.api_io.front(), {}, state.settings.settings.server.port, std::move(accepting));
  if (opened.has_error())
    return opened.error();
  state.api_acceptor = std::move(*opened);
  add_subscriptions(self);
  for (std::size_t i = 0; i < state.settings.api_io.size(); ++i)
    add_io_loop(self, "api-io-" + std::to_string(i), state.settings.api_io[i]);
  add_api_listener(self);
  return {};
}

void take_applications(root_pointer self, application_directory_ptr known) {
  auto& state = self->state;
  state.applications = std::move(known);
  for (const auto& validator : state.validators)
    self->send(validator, directory_v, state.applications);
  self->send(state.transitioner, directory_v, state.applications);
  self->send(state.manager, directory_v, state.applications);
}

} // namespace cm::actors
