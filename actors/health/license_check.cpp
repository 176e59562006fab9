#include "actors/health/license_check.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

using license_check_self = license_actor::stateful_pointer<license_check_state>;

constexpr std::chrono::seconds reader_timeout{30};

void report_license(license_check_self self) {
  auto& state = self->state;
  const auto now = core::now_ms();
  const auto& license = state.watch->current();
  core::license_health health;
  const auto condition = state.watch->state(now);
  health.status = condition == core::license_state::valid ? core::health_status::up : core::health_status::down;
  health.subject = license.subject;
  health.expires = license.not_after;
  if (condition != core::license_state::valid)
    health.error = state.watch->health_text(now);
  const bool writes = state.watch->writes_allowed(now);
  self->send(state.manager, license_v, writes, writes ? std::string() : health.error);
  self->send(state.health, report_v, std::make_shared<const component_report>(std::move(health)));
  if (const auto warning = state.watch->take_warning(now))
    core::logger("cm.license")->warn("{}", *warning);
}

void take_check(license_check_self self, const license_file_state_ptr& checked) {
  auto& state = self->state;
  state.poll_pending = false;
  if (!checked->result)
    return;
  const auto change = state.watch->checked(*checked->result, checked->stamp, core::now_ms());
  if (change == core::license_change::taken_over)
    core::logger("cm.license")->info("a new license is in force: {}", state.watch->current().subject);
  else if (change == core::license_change::recovered)
    core::logger("cm.license")->info("the license file is valid again");
  else if (change == core::license_change::invalidated)
    core::logger("cm.license")->error("{}", state.watch->health_text(core::now_ms()));
  report_license(self);
}

void poll_failed(license_check_self self, const caf::error& problem) {
  self->state.poll_pending = false;
  core::logger("cm.license")->warn("the license file could not be checked: {}", describe_reason(problem));
}

// Has the reader check the license, whether a check is due or not.
void check_now(license_check_self self) {
  auto& state = self->state;
  state.poll_pending = true;
  self->request(state.reader, reader_timeout, validate_v)
    .then([self](const license_file_state_ptr& checked) { take_check(self, checked); },
          [self](const caf::error& problem) { poll_failed(self, problem); });
}

// Continues with a check of the license if the file has changed or a check is due.
void take_stamp(license_check_self self, const license_file_state_ptr& stamped) {
  auto& state = self->state;
  if (!state.watch->check_due(stamped->stamp, core::now_ms())) {
    state.poll_pending = false;
    return;
  }
  check_now(self);
}

// Asks the reader for the file's stamp (time, size).
void read_stamp(license_check_self self) {
  auto& state = self->state;
  state.poll_pending = true;
  self->request(state.reader, reader_timeout, find_v)
    .then([self](const license_file_state_ptr& stamped) { take_stamp(self, stamped); },
          [self](const caf::error& problem) { poll_failed(self, problem); });
}

} // namespace

license_reader_actor::behavior_type license_reader(license_reader_actor::stateful_pointer<license_reader_state> self,
                                                   core::license_settings settings) {
  harden(self);
  self->state.settings = std::move(settings);
  return {
    [self](find_atom) {
      license_file_state found{core::file_stamp_of(self->state.settings.path), std::nullopt};
      return license_file_state_ptr{std::make_shared<const license_file_state>(std::move(found))};
    },
    [self](validate_atom) {
      const auto& settings_now = self->state.settings;
      auto stamp = core::file_stamp_of(settings_now.path);
      license_file_state found{stamp, core::check_license(settings_now, core::now_ms())};
      return license_file_state_ptr{std::make_shared<const license_file_state>(std::move(found))};
    },
    [self](reload_atom, const settings_ptr& settings) { self->state.settings = settings->license; },
  };
}

license_actor::behavior_type license_check(license_check_self self, license_check_settings settings,
                                           health_actor health, credential_manager_actor manager) {
  harden(self);
  auto& state = self->state;
  const auto report_period = settings.report_period;
  const auto poll_period = settings.poll_period;
  state.watch.emplace(std::move(settings.start), settings.start_stamp, settings.license, core::now_ms());
  state.reader = self->spawn<caf::detached + caf::linked>(license_reader, std::move(settings.license));
  state.health = std::move(health);
  state.manager = std::move(manager);
  return {
    [self](peer_atom, const health_peer& peer) {
      self->state.health = peer.handle;
      report_license(self);
    },
    [self](peer_atom, const credential_manager_peer& peer) {
      self->state.manager = peer.handle;
      report_license(self);
    },
    [self](reload_atom, const settings_ptr& settings) {
      self->send(self->state.reader, reload_v, settings);
      check_now(self);
    },
    every(self, report_period, first_run::at_once, tick_v,
          [self, poll_period] {
            auto& s = self->state;
            const auto now = self->clock().now();
            if (!s.poll_pending && now >= s.next_poll) {
              s.next_poll = now + poll_period;
              read_stamp(self);
            }
            report_license(self);
          }),
  };
}

} // namespace cm::actors
