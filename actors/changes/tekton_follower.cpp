#include "actors/changes/tekton_follower.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"
#include "http/tekton/tekton_client.hpp"

#include <utility>

namespace cm::actors {

namespace {

using tekton_follower_self = tekton_follower_actor::stateful_pointer<tekton_follower_state>;

// How often the actor checks whether a read is due; bounds the delay after a configuration event.
constexpr std::chrono::milliseconds poll_period{100};

void read(tekton_follower_self self) {
  auto& state = self->state;
  auto applications = http::read_applications(state.settings.url, state.settings.timeout);
  const auto now = self->clock().now();
  if (applications.has_error()) {
    state.next = now + state.backoff->next();
    if (!std::exchange(state.unavailable, true))
      core::logger("cm.tekton")
        ->warn("Tekton is not available: {} {}", applications.error().message, applications.error().detail);
    return;
  }
  state.backoff->reset();
  state.next = now + state.settings.period;
  auto known = std::make_shared<application_directory>();
  known->versions.insert(applications->begin(), applications->end());
  for (const auto& [name, versions] : state.settings.configured)
    known->versions[name].insert(versions.begin(), versions.end());
  if (std::exchange(state.unavailable, false))
    core::logger("cm.tekton")->info("Tekton is available again");
  core::logger("cm.tekton")->debug("{} applications are known", known->versions.size());
  if (state.known && state.known->versions == known->versions)
    return;
  state.known = std::move(known);
  state.settings.on_change(state.known);
}

} // namespace

tekton_follower_actor::behavior_type tekton_follower(tekton_follower_self self, tekton_follower_settings settings) {
  harden(self);
  auto& state = self->state;
  state.backoff.emplace(settings.backoff);
  state.settings = std::move(settings);
  return {
    // A burst of events causes one read only, at the next tick.
    [self](refresh_atom) { self->state.next = self->clock().now(); },
    every(self, poll_period, first_run::at_once, tick_v,
          [self] {
            if (self->clock().now() >= self->state.next)
              read(self);
          }),
  };
}

} // namespace cm::actors
