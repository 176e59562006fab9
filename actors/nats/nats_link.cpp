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

void log_loss(nats_link_self self, std::string_view why) {
  auto& lines = self->state.lines;
  if (lines.lost(why))
    link_log()->warn("NATS is not available: {}{}", why,
                     lines.losses() > 1 ? " (" + std::to_string(lines.losses()) + " times since a connection lasted)"
                                        : "");
}

// Notifies users and health if the link went up or down.
// @param lost why the connection is lost, if it is
void judge(nats_link_self self, std::string_view lost = "the connection is lost") {
  auto& state = self->state;
  const auto now = self->clock().now();
  const bool up = state.pulse->up(now);
  if (up == state.was_up)
    return;
  state.was_up = up;
  if (up) {
    state.why_down.clear();
    if (state.lines.available())
      link_log()->info("NATS is available: {}", state.connection->server());
    if (!std::exchange(state.had_contact, true) && state.settings.on_first_contact)
      state.settings.on_first_contact();
  } else {
    state.why_down = state.pulse->connected() ? "the server does not answer" : lost;
    log_loss(self, state.why_down);
  }
  for (const auto& user : state.users)
    self->send(user, nats_v, current_state(state));
  report_link(self);
}

// The message of an error with its detail, which for NATS are the words of the server or of the library.
std::string in_full(const core::error& problem) {
  return problem.detail.empty() ? problem.message : problem.message + ": " + problem.detail;
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
      caf::anon_send(me, closed_v, generation, in_full(why));
  };
  handlers.refused = [me, generation](std::string_view text) {
    caf::anon_send(me, refused_v, generation, std::string(text));
  };
  handlers.async_error = [errors = self->state.errors](std::string_view text) {
    if (const auto line = errors->line_for(text))
      link_log()->warn("NATS: {}", *line);
  };
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
  if (opened.has_value())
    state.probe = std::move(*opened);
  else if (state.connection->status() != messaging::connection_status::closed) // else another one will be opened
    link_log()->error("no round trips can be made: {}", opened.error().message);
}

void open_if_due(nats_link_self self) {
  auto& state = self->state;
  if (state.connection || self->clock().now() < state.next_open)
    return;
  ++state.generation;
  state.renew = false;
  messaging::connection_options options;
  options.confirmed_subjects = state.settings.event_subjects;
  auto opened = messaging::connection::open(state.settings.nats, make_handlers(self), options);
  if (opened.has_error()) {
    state.why_down = in_full(opened.error());
    log_loss(self, state.why_down);
    const auto now = self->clock().now();
    state.next_open = now + state.reopen->next(now);
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

// The connection is closed for good; another one is opened later.
void reopen_later(nats_link_self self, const std::string& why) {
  auto& state = self->state;
  state.pulse->connected(false);
  if (state.was_up)
    judge(self, why);
  else
    log_loss(self, why);
  state.why_down = why;
  state.probe.reset();
  state.connection.reset();
  for (auto& trip : std::exchange(state.awaited, {}))
    state.confirmations.answer(trip.confirmation, false);
  const auto now = self->clock().now();
  state.next_open = now + state.reopen->next(now);
  report_link(self);
}

// Replaces a lost connection by one with the login of the last reload: the library would restore it with the old one.
void renew(nats_link_self self) {
  auto& state = self->state;
  ++state.generation; // ignores what this connection still reports
  state.connection->close();
  reopen_later(self, "the connection is lost; the next one uses the login of the last reload");
  state.next_open = self->clock().now();
}

// The library does not wait before it tries another server of a cluster. If connections to several servers end at once,
// this actor opens the next one, after its own delay.
void take_loss(nats_link_self self) {
  constexpr unsigned max_short_lived = 3;
  auto& state = self->state;
  if (state.renew && state.connection) {
    renew(self);
    return;
  }
  if (state.reopen->lasts(self->clock().now()))
    state.short_lived = 0;
  state.reopen->lost(self->clock().now());
  if (++state.short_lived < max_short_lived || !state.connection || !state.connection->knows_other_servers()) {
    judge(self);
    return;
  }
  ++state.generation; // ignores what this connection still reports
  state.connection->close();
  reopen_later(self, "connections to the servers do not last");
}

void connection_changed(nats_link_self self, std::uint64_t generation, bool connected) {
  auto& state = self->state;
  if (generation != state.generation)
    return;
  state.pulse->connected(connected);
  if (!connected) {
    take_loss(self);
    return;
  }
  judge(self);
  if (state.settings.metrics)
    state.settings.metrics->connection.connects.add(1);
  state.reopen->connected(self->clock().now());
  probe(self);
}

// The library has given up the connection.
void connection_closed(nats_link_self self, std::uint64_t generation, const std::string& why) {
  if (generation == self->state.generation)
    reopen_later(self, why);
}

void attempt_refused(nats_link_self self, std::uint64_t generation, const std::string& why) {
  auto& state = self->state;
  if (generation != state.generation || state.pulse->connected())
    return;
  state.why_down = "the server refuses a connection: " + why;
  log_loss(self, state.why_down);
}

// A connection that has lasted ends the outage for the log.
void note_lasting(nats_link_self self) {
  auto& state = self->state;
  if (state.was_up && state.reopen->lasts(self->clock().now()) && state.lines.lasted())
    link_log()->info("NATS is available: {}", state.connection->server());
}

void tick(nats_link_self self) {
  open_if_due(self);
  judge(self);
  note_lasting(self);
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
  state.errors = std::make_shared<nats_error_lines>(settings.event_subjects);
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
    [self](reload_atom, const settings_ptr& settings) {
      auto& s = self->state;
      s.settings.nats = settings->nats;
      s.renew = true;
      s.next_open = self->clock().now();
      if (s.connection && !s.pulse->connected())
        renew(self);
    },
    [self](state_atom, std::uint64_t generation, bool connected) { connection_changed(self, generation, connected); },
    [self](closed_atom, std::uint64_t generation, const std::string& why) { connection_closed(self, generation, why); },
    [self](refused_atom, std::uint64_t generation, const std::string& why) { attempt_refused(self, generation, why); },
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
