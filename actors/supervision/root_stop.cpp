#include "actors/supervision/root_stop.hpp"

#include "actors/interfaces/atoms.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_children.hpp"
#include "actors/supervision/root_subscriptions.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

// Part of shutdown.timeout that is reserved for ending the children, which takes about that long if actors hang.
constexpr std::chrono::milliseconds reserve{3000};
// For writing first uses and events. First uses that are not written by then are lost; the next use records them.
constexpr std::chrono::milliseconds write_patience{3000};
constexpr std::chrono::milliseconds end_patience{600};
constexpr std::chrono::milliseconds min_drain_patience{400};

std::chrono::milliseconds left(root_pointer self) {
  const auto rest =
    std::chrono::duration_cast<std::chrono::milliseconds>(self->state.stop_deadline - self->clock().now());
  return std::max(rest, std::chrono::milliseconds{1});
}

std::chrono::milliseconds patience_of(root_pointer self, stop_step step) {
  auto patience = left(self);
  if (step == stop_step::write_changes || step == stop_step::write_first_uses)
    patience = std::min(patience, write_patience);
  if (step == stop_step::drain_management)
    patience = std::min(patience, end_patience);
  return std::max(patience, min_drain_patience);
}

void run_step(root_pointer self);

void step_done(root_pointer self, stop_step step) {
  auto& state = self->state;
  if (step != state.step)
    return; // the step has timed out before
  state.awaited.clear();
  state.step = static_cast<stop_step>(static_cast<std::uint8_t>(step) + 1);
  run_step(self);
}

// Drains the children of a step. It is done when all have answered.
void drain(root_pointer self, stop_step step, const std::vector<const root_child*>& children) {
  const auto patience = patience_of(self, step);
  const auto pending = std::make_shared<std::size_t>(children.size());
  for (const auto* child : children) {
    child->row->drain(self, child->index, patience, [self, step, pending] {
      if (--*pending == 0)
        step_done(self, step);
    });
  }
}

// Ends the children of a step. It is done when all have ended.
void end(root_pointer self, stop_step step, const std::vector<const root_child*>& children) {
  for (const auto* child : children) {
    self->state.awaited.push_back(child->handle.address());
    self->send_exit(child->handle, caf::exit_reason::user_shutdown);
  }
  self->delayed_send(self, end_patience, tick_v, static_cast<std::size_t>(step));
}

// What a step does besides draining or ending children.
void before(root_pointer self, stop_step step) {
  const auto& settings = self->state.settings;
  if (step == stop_step::end_changes)
    log_unfinished_removals(self);
  if (step == stop_step::end_storage) {
    for (const auto& io : settings.api_io)
      io->stop();
  }
  if (step == stop_step::end_management)
    settings.management_io->stop();
}

void run_step(root_pointer self) {
  const auto& state = self->state;
  const auto step = state.step;
  if (step == stop_step::none) {
    root_log()->info("stopped");
    self->quit(exit_reason_of(state.exit_status));
    return;
  }
  before(self, step);
  std::vector<const root_child*> drained;
  std::vector<const root_child*> ended;
  for (const auto& child : state.children) {
    if (child->handle && child->row->drains == step)
      drained.push_back(child.get());
    if (child->handle && child->row->ends == step)
      ended.push_back(child.get());
  }
  if (!drained.empty())
    drain(self, step, drained);
  else if (!ended.empty())
    end(self, step, ended);
  else
    step_done(self, step);
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
  run_step(self);
}

void child_stopped(root_pointer self, const caf::actor_addr& child) {
  auto& state = self->state;
  const auto entry = std::find(state.awaited.begin(), state.awaited.end(), child);
  if (entry == state.awaited.end())
    return;
  state.awaited.erase(entry);
  if (state.awaited.empty())
    step_done(self, state.step);
}

void stop_step_timed_out(root_pointer self, stop_step step) {
  auto& state = self->state;
  if (step != state.step || state.now != root_state::phase::stopping)
    return;
  for (const auto& child : state.children) {
    if (child->handle
        && std::find(state.awaited.begin(), state.awaited.end(), child->handle.address()) != state.awaited.end())
      root_log()->warn("{} did not end in time", child->name);
  }
  step_done(self, step);
}

} // namespace cm::actors
