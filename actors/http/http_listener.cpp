#include "actors/http/http_listener.hpp"

#include "actors/runtime/hardening.hpp"
#include "core/observability/logging.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cm::actors {

namespace {

void answer_if_empty(http_listener_pointer self) {
  if (!self->state.sessions.empty())
    return;
  self->state.drains.answer(true);
}

template <class Peer>
void tell_sessions(http_listener_pointer self, const Peer& peer) {
  for (const auto& [id, session] : self->state.sessions)
    self->send(session, peer_v, peer);
}

} // namespace

http_listener_state::~http_listener_state() {
  if (settings.acceptor)
    settings.acceptor->pause();
  for (const auto& [id, session] : sessions)
    caf::anon_send(session, drain_v);
}

http::acceptor_settings logging_acceptor(std::string port) {
  http::acceptor_settings settings;
  settings.kernel_buffer = 32 * 1024;
  settings.on_trouble = [port = std::move(port)](const core::error& problem) {
    core::logger("cm.http")->error("{} accepts no connections for now: {} {}", port, problem.message, problem.detail);
  };
  return settings;
}

http_listener_actor::behavior_type http_listener(http_listener_pointer self, http_listener_settings settings,
                                                 http_collaborators collaborators) {
  harden(self);
  auto& state = self->state;
  state.settings = std::move(settings);
  state.collaborators = std::move(collaborators);
  self->set_down_handler([self](const caf::down_msg& down) {
    self->state.sessions.erase(down.source.id());
    if (!self->state.drains.empty())
      answer_if_empty(self);
  });
  const auto me = caf::actor_cast<http_listener_actor>(self);
  state.settings.acceptor->start([me](http::accepted_socket accepted) {
    caf::anon_send(me, accepted_v, std::make_shared<http::accepted_socket>(std::move(accepted)));
  });
  return {
    [self](accepted_atom, const socket_ptr& accepted) {
      auto& s = self->state;
      auto session = s.settings.spawn_session(self, accepted, s.collaborators);
      self->monitor(session);
      s.sessions.emplace(session.id(), session);
      if (!s.drains.empty())
        self->send(session, drain_v);
    },
    [self](drain_atom) -> caf::result<bool> {
      auto& s = self->state;
      const auto promise = s.drains.add(self->make_response_promise<bool>());
      const auto listener = caf::actor_cast<http_listener_actor>(self);
      s.settings.acceptor->stop([listener] { caf::anon_send(listener, drained_v); });
      return promise;
    },
    [self](drained_atom) {
      for (const auto& [id, session] : self->state.sessions)
        self->send(session, drain_v);
      answer_if_empty(self);
    },
    [self](peer_atom, const storage_gate_peer& peer) {
      self->state.collaborators.gate = peer.handle;
      tell_sessions(self, peer);
    },
    [self](peer_atom, const credential_manager_peer& peer) {
      self->state.collaborators.manager = peer.handle;
      tell_sessions(self, peer);
    },
    [self](peer_atom, const health_peer& peer) {
      self->state.collaborators.health = peer.handle;
      tell_sessions(self, peer);
    },
    [self](peer_atom, const password_pool_peer& peer) {
      self->state.collaborators.passwords = peer.handle;
      tell_sessions(self, peer);
    },
    [self](peer_atom, const token_reader_peer& peer) {
      self->state.collaborators.reader = peer.handle;
      tell_sessions(self, peer);
    },
  };
}

} // namespace cm::actors
