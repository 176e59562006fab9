#include "actors/nats/nats_link.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <caf/send.hpp>

#include <charconv>
#include <utility>

namespace cm::actors {

namespace {

using nats_link_self = nats_link_actor::stateful_pointer<nats_link_state>;

const std::shared_ptr<spdlog::logger>& link_log() {
  static const auto logger = core::logger("cm.nats");
  return logger;
}

nats_state_ptr current_state(const nats_link_state& state) {
  return std::make_shared<const nats_state>(nats_state{state.connection, state.was_up});
}

void report_link(nats_link_self self) {
  auto& state = self->state;
  core::nats_health health;
  health.status = state.was_up ? core::health_status::up : core::health_status::down;
  if (state.connection)
    health.server = state.connection->server();
  if (!state.was_up) {
    health.error = state.why_down;
    if (health.error.empty() && state.connection)
      health.error = state.connection->last_error();
    if (health.error.empty())
      health.error = "not connected";
  }
  self->send(state.health, report_v, std::make_shared<const component_report>(std::move(health)));
}

// Notifies users and health if the link went up or down.
void judge(nats_link_self self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const bool up = state.pulse->up(now);
  if (up == state.was_up)
    return;
  state.was_up = up;
  if (up) {
    state.why_down.clear();
    link_log()->info("NATS is available: {}", state.connection->server());
    if (!std::exchange(state.had_contact, true) && state.settings.on_first_contact)
      state.settings.on_first_contact();
  } else {
    state.why_down = state.pulse->connected() ? "the server does not answer" : "the connection is lost";
    link_log()->warn("NATS is not available: {}", state.why_down);
  }
  for (const auto& user : state.users)
    self->send(user, nats_v, current_state(state));
  report_link(self);
}

messaging::connection_handlers make_handlers(nats_link_self self) {
  const auto me = caf::actor_cast<nats_link_actor>(self);
  const auto generation = self->state.generation;
  messaging::connection_handlers handlers;
  handlers.connected = [me, generation] { caf::anon_send(me, state_v, generation, true); };
  handlers.reconnected = handlers.connected;
  handlers.disconnected = [me, generation] { caf::anon_send(me, state_v, generation, false); };
  handlers.closed = [me, generation](const core::error& why) {
    if (why.code != core::errc::none)
      caf::anon_send(me, closed_v, generation, why.message);
  };
  handlers.async_error = [](std::string_view text) { link_log()->warn("NATS: {}", text); };
  handlers.not_permitted = [on_refusal = self->state.settings.on_refusal](std::string_view text) {
    if (on_refusal)
      on_refusal(text);
  };
  handlers.slow_consumer = [on_overflow = self->state.settings.on_overflow](std::string_view subject,
                                                                            std::uint64_t dropped) {
    if (on_overflow)
      on_overflow(subject);
    link_log()->error("too slow for {}: {} messages lost so far", subject, dropped);
  };
  return handlers;
}

void watch_round_trips(nats_link_self self) {
  auto& state = self->state;
  const auto me = caf::actor_cast<nats_link_actor>(self);
  auto opened = messaging::subscription::open(
    state.connection, state.settings.probe_subject, {}, [me](const messaging::message_batch& echoes) {
      for (const auto& echo : echoes) {
        std::uint64_t number = 0;
        const auto text = echo.payload();
        if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{})
          caf::anon_send(me, probe_v, number);
      }
    });
  if (opened.has_error())
    link_log()->error("no round trips can be made: {}", opened.error().message);
  else
    state.probe = std::move(*opened);
}

void open_if_due(nats_link_self self) {
  auto& state = self->state;
  if (state.connection || self->clock().now() < state.next_open)
    return;
  ++state.generation;
  auto opened = messaging::connection::open(state.settings.nats, make_handlers(self));
  if (opened.has_error()) {
    state.why_down = opened.error().message;
    link_log()->error("no NATS connection can be opened: {} {}", opened.error().message, opened.error().detail);
    state.next_open = self->clock().now() + state.reopen->next();
    return;
  }
  state.connection = std::move(*opened);
  watch_round_trips(self);
  for (const auto& user : state.users)
    self->send(user, nats_v, current_state(state));
}

void probe(nats_link_self self) {
  auto& state = self->state;
  if (!state.connection || !state.pulse->connected() || !state.probe)
    return;
  if (!state.pulse->start_round_trip(self->clock().now()))
    return; // one is under way
  const auto number = std::to_string(++state.probes);
  if (state.connection->publish(state.settings.probe_subject, number) != core::errc::none)
    link_log()->debug("a round trip could not be started");
}

// The server handles the operations of one connection in order, so a round trip that begins now proves that it has
// received everything sent so far. A round trip that is under way proves nothing: it may have begun before.
caf::result<bool> confirm(nats_link_self self, const nats_connection_ptr& connection) {
  auto& state = self->state;
  if (connection != state.connection)
    return false;
  const auto confirmation = ++state.last_confirmation;
  const auto promise = state.confirmations.add(confirmation, self->make_response_promise<bool>());
  state.awaited.push_back({state.probes + 1, false, confirmation});
  probe(self);
  return promise;
}

// If the server has refused something on this connection before, it may have done so again. The library reports a
// refusal on another thread, so wait for a second round trip: the report of the refusal then precedes the confirmation.
void confirm_up_to(nats_link_self self, std::uint64_t number) {
  auto& state = self->state;
  const bool refused = state.connection && state.connection->was_refused_something();
  bool first_trips_left = false;
  std::erase_if(state.awaited, [&](awaited_round_trip& trip) {
    if (trip.number <= number && (trip.second || !refused)) {
      state.confirmations.answer(trip.confirmation, true);
      return true;
    }
    if (trip.number <= number)
      trip = {number + 1, true, trip.confirmation};
    else
      first_trips_left = first_trips_left || !trip.second;
    return false;
  });
  if (first_trips_left)
    probe(self);
}

void connection_changed(nats_link_self self, std::uint64_t generation, bool connected) {
  auto& state = self->state;
  if (generation != state.generation)
    return;
  state.pulse->connected(connected);
  judge(self);
  if (!connected)
    return;
  if (state.settings.metrics)
    state.settings.metrics->connection.connects.add(1);
  state.reopen->reset();
  probe(self);
}

// The library has given up the connection.
void connection_closed(nats_link_self self, std::uint64_t generation, const std::string& why) {
  auto& state = self->state;
  if (generation != state.generation)
    return;
  state.pulse->connected(false);
  judge(self);
  state.why_down = why;
  state.probe.reset();
  state.connection.reset();
  for (auto& trip : std::exchange(state.awaited, {}))
    state.confirmations.answer(trip.confirmation, false);
  state.next_open = self->clock().now() + state.reopen->next();
  link_log()->warn("the NATS connection was closed and will be opened again: {}", why);
  report_link(self);
}

void tick(nats_link_self self) {
  open_if_due(self);
  judge(self);
  probe(self);
  report_link(self);
}

} // namespace

nats_link_actor::behavior_type nats_link(nats_link_self self, nats_link_settings settings, health_actor health) {
  harden(self);
  auto& state = self->state;
  const auto period = settings.tick;
  state.pulse.emplace(settings.probe_patience);
  state.reopen.emplace(core::backoff_settings{});
  state.settings = std::move(settings);
  state.health = std::move(health);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.users, [&](const auto& user) { return user.address() == down.source; });
  });
  report_link(self);
  return {
    [self](peer_atom, const nats_user_peer& user) {
      auto& s = self->state;
      self->monitor(user.handle);
      s.users.push_back(user.handle);
      self->send(user.handle, nats_v, current_state(s));
    },
    [self](peer_atom, const health_peer& peer) {
      self->state.health = peer.handle;
      report_link(self);
    },
    [self](confirm_atom, const nats_connection_ptr& connection) { return confirm(self, connection); },
    [self](state_atom, std::uint64_t generation, bool connected) { connection_changed(self, generation, connected); },
    [self](closed_atom, std::uint64_t generation, const std::string& why) { connection_closed(self, generation, why); },
    [self](probe_atom, std::uint64_t number) {
      auto& s = self->state;
      if (number != s.probes)
        return;
      s.pulse->round_trip_returned();
      judge(self);
      confirm_up_to(self, number);
    },
    every(self, period, first_run::at_once, tick_v, [self] { tick(self); }),
  };
}

} // namespace cm::actors
