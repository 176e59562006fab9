#include "actors/supervision/root.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_children.hpp"
#include "actors/supervision/root_signals.hpp"
#include "actors/supervision/root_stop.hpp"
#include "actors/supervision/root_subscriptions.hpp"
#include "core/base/exit_status.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

const std::shared_ptr<spdlog::logger>& root_log() {
  static const auto logger = core::logger("cm.root");
  return logger;
}

namespace {

constexpr std::chrono::milliseconds report_period{250};

void report(root_pointer self) {
  auto& state = self->state;
  core::actors_health health;
  health.status = core::health_status::up;
  for (const auto& child : state.children) {
    health.restarts += child->record.restarts();
    if (!child->record.running())
      health.status = core::health_status::down;
  }
  self->send(state.handles.get<child_kind::health>(), report_v, std::make_shared<const component_report>(health));
}

void give_up(root_pointer self, int exit_status, const std::string& why) {
  auto& state = self->state;
  // The first reason counts. Each of the database's workers reports that it may not use the database.
  if (state.now == root_state::phase::stopping) {
    root_log()->debug("{}", why);
    return;
  }
  root_log()->critical("{}", why);
  core::write_termination_message(why);
  state.exit_status = exit_status;
  begin_stop(self);
}

void child_failed(root_pointer self, std::size_t index, const caf::error& reason) {
  auto& child = *self->state.children[index];
  const auto delay = child.record.failed(self->clock().now());
  child.counters->total.add(1);
  if (!delay) {
    give_up(self, core::to_int(core::exit_status::gave_up),
            child.name + " failed too often; the last cause: " + describe_reason(reason));
    return;
  }
  root_log()->error("{} failed and is started again in {} ms (restart {}): {}", child.name, delay->count(),
                    child.record.restarts(), describe_reason(reason));
  report(self);
  self->delayed_send(self, *delay, restart_v, index);
}

void on_down(root_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  for (std::size_t i = 0; i < state.children.size(); ++i) {
    auto& child = *state.children[i];
    if (!child.handle || child.handle.address() != down.source)
      continue;
    child.handle = nullptr;
    child.counters->present.set(0);
    if (state.now == root_state::phase::stopping)
      child_stopped(self, down.source);
    else
      child_failed(self, i, down.reason);
    return;
  }
}

// Opens the subscriptions and the REST port when both dependencies have answered for the first time.
void milestone_reached(root_pointer self, milestone reached) {
  auto& state = self->state;
  (reached == milestone::storage ? state.storage_met : state.nats_met) = true;
  if (state.now != root_state::phase::starting || !state.storage_met || !state.nats_met)
    return;
  const auto serving = add_serving_children(self);
  if (serving.has_error()) {
    give_up(self, core::to_int(core::exit_status::configuration),
            "server.port: " + serving.error().message
              + (serving.error().detail.empty() ? "" : ": " + serving.error().detail));
    return;
  }
  state.now = root_state::phase::serving;
  report(self);
  root_log()->info("serving: {} actors, REST on port {}, management on port {}", state.children.size(),
                   state.api_acceptor->port(), state.settings.management_acceptor->port());
  tell_readiness(self);
}

void restart(root_pointer self, std::size_t index) {
  auto& state = self->state;
  if (state.now == root_state::phase::stopping || index >= state.children.size() || state.children[index]->handle)
    return;
  start_child(self, index);
  root_log()->info("{} is back", state.children[index]->name);
  report(self);
}

void crash(root_pointer self, const std::string& name) {
  for (const auto& child : self->state.children) {
    if (child->name != name || !child->handle)
      continue;
    inject_fault_into(self, *child);
    return;
  }
}

} // namespace

caf::error exit_reason_of(int exit_status) {
  return caf::error{static_cast<std::uint8_t>(exit_status), caf::atom("cmexit")};
}

int exit_status_of(const caf::error& reason) {
  if (!reason)
    return core::to_int(core::exit_status::stopped);
  if (reason.category() == caf::atom("cmexit"))
    return reason.code();
  return core::to_int(core::exit_status::gave_up);
}

root_actor::behavior_type root(root_pointer self, root_settings settings) {
  harden(self);
  self->state.settings = std::move(settings);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  return {
    [self](begin_atom) {
      add_first_children(self);
      self->send(self, report_v);
    },
    [self](stop_atom) {
      root_log()->info("stopping on request");
      begin_stop(self);
    },
    [self](reload_atom) { begin_reload(self); },
    [self](inspect_atom) { begin_inspection(self); },
    [self](ready_atom, milestone reached) { milestone_reached(self, reached); },
    [self](listening_atom, std::size_t index, std::uint64_t number, const nats_connection_ptr& connection) {
      take_listening(self, index, number, connection);
    },
    [self](refused_atom, const std::string& text) { take_refusal(self, text); },
    [self](give_up_atom, const fatal_problem_ptr& problem) { give_up(self, problem->exit_status, problem->message); },
    [self](directory_atom, const application_directory_ptr& known) { take_applications(self, known); },
    [self](list_atom) {
      std::vector<std::string> names;
      for (const auto& child : self->state.children) {
        if (child->handle)
          names.push_back(child->name);
      }
      return names;
    },
    [self](crash_atom, const std::string& name) { crash(self, name); },
    [self](restart_atom, std::size_t index) { restart(self, index); },
    [self](tick_atom, std::size_t step) { stop_step_timed_out(self, static_cast<stop_step>(step)); },
    [self](inspect_atom, const mailbox_census_ptr& census) { log_tree(self, *census); },
    [self](report_atom) {
      report(self);
      self->delayed_send(self, report_period, report_v);
    },
  };
}

} // namespace cm::actors
