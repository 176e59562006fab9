#include "actors/supervision/root_signals.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root.hpp"
#include "actors/supervision/root_children.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

constexpr std::chrono::seconds reload_timeout{60};
constexpr std::chrono::milliseconds census_time{500};

template <child_kind Kind>
void tell_settings(root_pointer self, const settings_ptr& settings) {
  for (const auto& child : self->state.handles.all<Kind>()) {
    if (child)
      self->send(child, reload_v, settings);
  }
}

// Children that are restarted later get the settings of root.
void apply(root_pointer self, const reload_result& found) {
  auto& configured = self->state.settings;
  configured.settings = *found.next;
  configured.license.license = found.next->license;
  if (configured.agent_password)
    configured.agent_password->set(found.next->agent.password);
  tell_settings<child_kind::database_worker>(self, found.next);
  tell_settings<child_kind::license>(self, found.next);
  if (found.nats_login)
    tell_settings<child_kind::nats_link>(self, found.next);
}

void end_reload(root_pointer self) {
  auto& state = self->state;
  state.reloading = false;
  if (std::exchange(state.reload_again, false))
    begin_reload(self);
}

std::string_view name_of(root_state::phase now) {
  switch (now) {
  case root_state::phase::starting:
    return "starting";
  case root_state::phase::serving:
    return "serving";
  case root_state::phase::stopping:
    break;
  }
  return "stopping";
}

std::string in_mailbox(const root_child& child, const std::optional<std::size_t>& waiting) {
  if (waiting)
    return std::to_string(*waiting);
  // An actor that runs a loop reads no messages meanwhile.
  const bool loop = child.row->kind == child_kind::management_io || child.row->kind == child_kind::api_io;
  return loop ? "none, it runs a loop"
              : "unknown, it has not answered for " + std::to_string(census_time.count()) + " ms";
}

} // namespace

void begin_reload(root_pointer self) {
  auto& state = self->state;
  if (state.now == root_state::phase::stopping)
    return;
  if (std::exchange(state.reloading, true)) {
    state.reload_again = true;
    return;
  }
  self
    ->request(state.handles.get<child_kind::reloader>(), reload_timeout, reload_v,
              settings_ptr{std::make_shared<const core::settings>(state.settings.settings)})
    .then(
      [self](const reload_result_ptr& found) {
        if (found->next)
          apply(self, *found);
        end_reload(self);
      },
      [self](const caf::error& problem) {
        root_log()->error("the configuration was not read again: {}", describe_reason(problem));
        end_reload(self);
      });
}

void begin_inspection(root_pointer self) {
  const auto& children = self->state.children;
  auto census = std::make_shared<mailbox_census>(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (children[i]->handle)
      caf::anon_send<caf::message_priority::high>(children[i]->handle, mailbox_question{census, i});
  }
  self->delayed_send(self, census_time, inspect_v, mailbox_census_ptr{std::move(census)});
}

void log_tree(root_pointer self, const mailbox_census& census) {
  const auto& state = self->state;
  std::size_t restarts = 0;
  for (const auto& child : state.children)
    restarts += child->record.restarts();
  root_log()->info("actor tree: root: {}, {} children, {} restarts, mailbox: {}", name_of(state.now),
                   state.children.size(), restarts, self->mailbox().size());
  for (std::size_t i = 0; i < state.children.size(); ++i) {
    const auto& child = *state.children[i];
    if (child.handle)
      root_log()->info("actor tree: {}: running, restarts: {}, mailbox: {}", child.name, child.record.restarts(),
                       in_mailbox(child, census.waiting(i)));
    else
      root_log()->info("actor tree: {}: {}, restarts: {}", child.name,
                       state.now == root_state::phase::stopping ? "ended" : "failed, is started again",
                       child.record.restarts());
  }
}

} // namespace cm::actors
