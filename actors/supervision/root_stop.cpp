#include "actors/supervision/root_stop.hpp"

#include "actors/interfaces/atoms.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_messaging.hpp"
#include "actors/supervision/root_subscriptions.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

namespace {

// Part of shutdown.timeout that is reserved for ending the children, which takes about that long if actors hang.
constexpr std::chrono::milliseconds reserve{3000};
// For writing first uses and events. First uses that are not written by then are lost; the next use records them.
constexpr std::chrono::milliseconds write_patience{3000};
constexpr std::chrono::milliseconds end_patience{600};

std::chrono::milliseconds left(root_pointer self) {
  const auto rest =
    std::chrono::duration_cast<std::chrono::milliseconds>(self->state.stop_deadline - self->clock().now());
  return std::max(rest, std::chrono::milliseconds{1});
}

void run_step(root_pointer self) {
  auto& state = self->state;
  if (state.stop_step < state.stop_steps.size())
    state.stop_steps[state.stop_step](state.stop_step);
}

void step_done(root_pointer self, std::size_t step) {
  auto& state = self->state;
  if (step != state.stop_step)
    return; // the step has timed out before
  state.awaited.clear();
  ++state.stop_step;
  run_step(self);
}

/// Sends a drain request to one actor, and calls `answered` after its answer or the time-out.
using drain_request = std::function<void(std::chrono::milliseconds patience, std::function<void()> answered)>;

template <class Handle>
drain_request to_drain(root_pointer self, const Handle& handle) {
  return [self, handle](std::chrono::milliseconds patience, const std::function<void()>& answered) {
    if (!handle) {
      answered();
      return;
    }
    self->request(handle, patience, drain_v)
      .then([answered](bool) { answered(); },
            [answered](const caf::error& problem) {
              root_log()->warn("a step of the stop was not finished: {}", describe_reason(problem));
              answered();
            });
  };
}

// A step that sends drain requests, and ends when all actors have answered.
void drain(root_pointer self, std::size_t step, std::chrono::milliseconds patience,
           const std::vector<drain_request>& requests) {
  const auto pending = std::make_shared<std::size_t>(requests.size());
  const auto bounded = std::max(std::min(patience, left(self)), std::chrono::milliseconds{400});
  for (const auto& send_request : requests) {
    send_request(bounded, [self, step, pending] {
      if (--*pending == 0)
        step_done(self, step);
    });
  }
}

// A step that ends the children whose names begin with one of the prefixes, and waits for their ends.
void end_children(root_pointer self, std::size_t step, const std::vector<std::string>& prefixes) {
  auto& state = self->state;
  for (const auto& child : state.children) {
    const bool named = std::any_of(prefixes.begin(), prefixes.end(),
                                   [&](const std::string& prefix) { return child->name.rfind(prefix, 0) == 0; });
    if (!named || !child->handle)
      continue;
    state.awaited.push_back(child->handle.address());
    self->send_exit(child->handle, caf::exit_reason::user_shutdown);
  }
  if (state.awaited.empty()) {
    step_done(self, step);
    return;
  }
  self->delayed_send(self, end_patience, tick_v, step);
}

std::vector<std::function<void(std::size_t)>> make_steps(root_pointer self) {
  auto& state = self->state;
  const auto while_time_is_left = [self] { return left(self); };
  return {
    // Accept nothing new, and respond to everything that was accepted.
    [self, while_time_is_left](std::size_t step) {
      std::vector<drain_request> requests{to_drain(self, self->state.api_listener)};
      for (const auto& subscription : self->state.subscriptions)
        requests.push_back(to_drain(self, subscription.handle));
      drain(self, step, while_time_is_left(), requests);
    },
    [self, while_time_is_left](std::size_t step) {
      drain(self, step, while_time_is_left(), {to_drain(self, self->state.egress)});
    },
    [self](std::size_t step) {
      drain(self, step, write_patience,
            {to_drain(self, self->state.client_validator), to_drain(self, self->state.publisher)});
    },
    [self](std::size_t step) { drain(self, step, write_patience, {to_drain(self, self->state.gate)}); },
    [self](std::size_t step) {
      end_children(self, step,
                   {"nats-", "token-", "client-validator", "endpoint-remover", "tekton-follower", "revocation-follower",
                    "event-publisher", "api-listener"});
    },
    [self](std::size_t step) {
      name_unfinished_removals(self);
      end_children(self, step, {"license", "credential-manager", "password-", "housekeeper", "storage-gate"});
    },
    [self](std::size_t step) {
      for (const auto& io : self->state.settings.api_io)
        io->stop();
      end_children(self, step, {"database-worker", "api-io"});
    },
    // The management port closes last, so that probes can observe the stop.
    [self](std::size_t step) {
      drain(self, step, end_patience,
            {to_drain(self, self->state.management_listener), to_drain(self, self->state.agent_listener)});
    },
    [self](std::size_t step) {
      self->state.settings.management_io->stop();
      end_children(self, step, {"management-", "agent-", "health"});
    },
    [self, exit_status = state.exit_status](std::size_t) {
      root_log()->info("stopped");
      self->quit(exit_reason_of(exit_status));
    },
  };
}

} // namespace

void begin_stop(root_pointer self) {
  auto& state = self->state;
  if (std::exchange(state.now, root_state::phase::stopping) == root_state::phase::stopping)
    return;
  if (state.settings.on_stop)
    state.settings.on_stop(state.exit_status);
  const auto budget = std::max(state.settings.settings.shutdown_timeout - reserve, std::chrono::milliseconds{500});
  state.stop_deadline = self->clock().now() + budget;
  tell_readiness(self);
  state.stop_steps = make_steps(self);
  state.stop_step = 0;
  run_step(self);
}

void child_stopped(root_pointer self, const caf::actor_addr& child) {
  auto& state = self->state;
  const auto entry = std::find(state.awaited.begin(), state.awaited.end(), child);
  if (entry == state.awaited.end())
    return;
  state.awaited.erase(entry);
  if (state.awaited.empty())
    step_done(self, state.stop_step);
}

void stop_step_timed_out(root_pointer self, std::size_t step) {
  auto& state = self->state;
  if (step != state.stop_step || state.now != root_state::phase::stopping)
    return;
  for (const auto& child : state.children) {
    if (child->handle
        && std::find(state.awaited.begin(), state.awaited.end(), child->handle.address()) != state.awaited.end())
      root_log()->warn("{} did not end in time", child->name);
  }
  step_done(self, step);
}

} // namespace cm::actors
