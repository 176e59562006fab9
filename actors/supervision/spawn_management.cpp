// Spawns health, the reloader, the event loops of the ports, and their listeners.
#include "actors/health/health_reporter.hpp"
#include "actors/http/http_listener.hpp"
#include "actors/http/http_session.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/runtime/io_loop.hpp"
#include "actors/supervision/reloader.hpp"
#include "actors/supervision/root.hpp"
#include "actors/supervision/spawn.hpp"

#include <memory>
#include <utility>

namespace cm::actors {

namespace {

http_collaborators with_health(const health_actor& health) {
  http_collaborators collaborators;
  collaborators.health = health;
  return collaborators;
}

std::shared_ptr<const management_context> make_management_context(const root_settings& settings) {
  auto context = std::make_shared<management_context>(settings.settings.management);
  context->info = settings.info;
  context->metrics = settings.metrics->registry;
  context->rest = settings.metrics->rest;
  context->memory_budget = settings.settings.memory_budget_bytes;
  return context;
}

} // namespace

health_actor spawn_health(root_pointer self, std::size_t /*index*/) {
  const auto& state = self->state;
  health_settings settings;
  settings.lost_removals = [removals = state.settings.metrics->removals] { return removals->all_lost(); };
  if (state.settings.settings.credentials.trustful)
    settings.warnings.emplace_back("trustful mode: unknown credentials are accepted; not for production");
  auto health = self->spawn(health_reporter, settings);
  self->send(health, ready_v, state.ready);
  self->send(health, refused_v, state.refused_subjects);
  return health;
}

reloader_actor spawn_reloader(root_pointer self, std::size_t /*index*/) {
  return self->spawn<caf::detached>(reloader, self->state.settings.variables);
}

io_loop_actor spawn_management_io(root_pointer self, std::size_t /*index*/) {
  return self->spawn<caf::detached>(io_loop, self->state.settings.management_io);
}

io_loop_actor spawn_api_io(root_pointer self, std::size_t index) {
  return self->spawn<caf::detached>(io_loop, self->state.settings.api_io[index]);
}

http_listener_actor spawn_management_listener(root_pointer self, std::size_t /*index*/, const health_actor& health) {
  const auto& configured = self->state.settings;
  http_listener_settings settings;
  settings.acceptor = configured.management_acceptor;
  settings.spawn_session = [shared = make_management_context(configured)](
                             http_listener_pointer listener, socket_ptr accepted, const http_collaborators& peers) {
    return listener->spawn(management_session, std::move(accepted), peers, shared);
  };
  return self->spawn(http_listener, std::move(settings), with_health(health));
}

http_listener_actor spawn_agent_listener(root_pointer self, std::size_t /*index*/, const health_actor& health) {
  const auto& configured = self->state.settings;
  const auto shared = std::make_shared<const agent_context>(
    agent_context{configured.agent_password, make_management_context(configured)});
  http_listener_settings settings;
  settings.acceptor = configured.agent_acceptor;
  settings.spawn_session = [shared](http_listener_pointer listener, socket_ptr accepted,
                                    const http_collaborators& peers) {
    return listener->spawn(agent_session, std::move(accepted), peers, shared);
  };
  return self->spawn(http_listener, std::move(settings), with_health(health));
}

http_listener_actor spawn_api_listener(root_pointer self, std::size_t /*index*/, const storage_gate_actor& gate,
                                       const credential_manager_actor& manager, const password_pool_actor& passwords,
                                       const token_reader_actor& reader) {
  http_listener_settings settings;
  settings.acceptor = self->state.api_acceptor;
  settings.spawn_session = [context = self->state.api](http_listener_pointer listener, socket_ptr accepted,
                                                       const http_collaborators& peers) {
    return listener->spawn(api_session, std::move(accepted), peers, context);
  };
  return self->spawn(http_listener, std::move(settings), http_collaborators{gate, manager, {}, passwords, reader});
}

} // namespace cm::actors
