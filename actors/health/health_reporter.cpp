#include "actors/health/health_reporter.hpp"

#include "actors/runtime/hardening.hpp"
#include "actors/runtime/periodic.hpp"
#include "core/observability/logging.hpp"

#include <utility>

namespace cm::actors {

namespace {

// Returns the last report of a component, with status DOWN if it is overdue or missing.
// @param[out] overdue whether that is the case
template <class Report, class Received>
Report current(const Received& last, core::steady_time now, std::chrono::milliseconds limit, bool& overdue) {
  overdue = !last.report || now - last.at > limit;
  Report report = last.report.value_or(Report{});
  if (overdue)
    report.status = core::health_status::down;
  return report;
}

bool is_up(core::health_status status) noexcept {
  return status == core::health_status::up;
}

} // namespace

void health_board::take(const component_report& report, core::steady_time now) {
  std::visit(
    [&](const auto& received) {
      using report_type = std::decay_t<decltype(received)>;
      if constexpr (std::is_same_v<report_type, core::database_health>)
        db_ = {received, now};
      else if constexpr (std::is_same_v<report_type, core::nats_health>)
        nats_ = {received, now};
      else if constexpr (std::is_same_v<report_type, core::license_health>)
        license_ = {received, now};
      else if constexpr (std::is_same_v<report_type, core::outbox_health>)
        outbox_ = {received, now};
      else if constexpr (std::is_same_v<report_type, core::request_path_health>)
        path_ = {received, now};
      else
        actors_ = {received, now};
    },
    report);
}

void health_board::take_losses(std::uint64_t total, core::steady_time now) noexcept {
  if (total == lost_)
    return;
  if (now >= loss_shown_until_)
    lost_before_ = lost_;
  lost_ = total;
  loss_shown_until_ = now + settings_.loss_shown;
}

core::health_snapshot health_board::look(core::steady_time now, core::timestamp wall) const {
  constexpr auto no_report = "no report from the component";
  core::health_snapshot out;
  bool overdue = false;
  out.db = current<core::database_health>(db_, now, settings_.overdue, overdue);
  if (overdue)
    out.db.error = no_report;
  out.nats = current<core::nats_health>(nats_, now, settings_.overdue, overdue);
  if (overdue)
    out.nats.error = no_report;
  out.license = current<core::license_health>(license_, now, settings_.overdue, overdue);
  if (overdue)
    out.license.error = no_report;
  out.outbox = current<core::outbox_health>(outbox_, now, settings_.overdue, overdue);
  out.actors = current<core::actors_health>(actors_, now, settings_.overdue, overdue);
  if (path_.report && is_up(out.actors.status)) {
    const bool silent = now - path_.at > settings_.path_overdue;
    if (silent || !is_up(path_.report->status)) {
      out.actors.status = core::health_status::down;
      out.actors.error = silent ? "no report from the self-test" : path_.report->error;
    }
  }
  const bool up = is_up(out.db.status) && is_up(out.nats.status) && is_up(out.actors.status);
  out.status = up ? core::health_status::up : core::health_status::down;
  out.live = true;
  out.ready = up && serving_;
  if (up && !serving_)
    out.status = core::health_status::out_of_service;
  out.warnings = settings_.warnings;
  if (!out.db.warning.empty())
    out.warnings.push_back(out.db.warning);
  for (const auto& subject : refused_)
    out.warnings.push_back("NATS does not permit the subscription to " + subject);
  if (now < loss_shown_until_)
    out.warnings.push_back(std::to_string(lost_ - lost_before_)
                           + " unregistered endpoints were lost; their tokens are still valid (cm.elce in the log)");
  out.taken_at = wall;
  return out;
}

health_actor::behavior_type health_reporter(health_actor::stateful_pointer<health_state> self,
                                            health_settings settings) {
  harden(self);
  const auto period = settings.period;
  auto lost_removals = settings.lost_removals;
  self->state.board.emplace(std::move(settings));
  const auto refresh = [self, lost_removals = std::move(lost_removals)] {
    if (lost_removals)
      self->state.board->take_losses(lost_removals(), self->clock().now());
    auto next = std::make_shared<core::health_snapshot>(self->state.board->look(self->clock().now(), core::now_ms()));
    auto& logged = self->state.last_logged;
    if (next->status != logged) {
      core::logger("cm.health")
        ->info("health is {} (db {}, nats {}, actors {})", core::to_string(next->status),
               core::to_string(next->db.status), core::to_string(next->nats.status),
               core::to_string(next->actors.status));
      logged = next->status;
    }
    self->state.snapshot = std::move(next);
  };
  refresh();
  return {
    [self, refresh](report_atom, const component_report_ptr& report) {
      self->state.board->take(*report, self->clock().now());
      refresh();
    },
    [self, refresh](ready_atom, bool serving) {
      self->state.board->set_serving(serving);
      refresh();
    },
    [self, refresh](refused_atom, const std::vector<std::string>& subjects) {
      self->state.board->set_refused(subjects);
      refresh();
    },
    [self](snapshot_atom) { return self->state.snapshot; },
    every(self, period, first_run::after_a_period, tick_v, refresh),
  };
}

} // namespace cm::actors
