#include "actors/supervision/reloader.hpp"

#include "actors/runtime/hardening.hpp"
#include "core/base/time.hpp"
#include "core/configuration/reload.hpp"
#include "core/license/license.hpp"
#include "core/observability/logging.hpp"
#include "messaging/nats/connection.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

namespace configuration = core::configuration;

const std::shared_ptr<spdlog::logger>& reload_log() {
  static const auto logger = core::logger("cm.configuration");
  return logger;
}

void tell_refused(std::string_view key, std::string_view why) {
  reload_log()->error("reload: {}: refused: {}", key, why);
}

std::string all_of(const core::error& problem) {
  return problem.detail.empty() ? problem.message : problem.message + ": " + problem.detail;
}

void reopen_log() {
  const auto reopened = core::reopen_log_file();
  if (reopened.has_error())
    tell_refused("logging.file", all_of(reopened.error()) + "; the log continues in the old file");
  else if (*reopened)
    reload_log()->info("reload: logging.file: reopened");
}

// Takes the keys that begin with the prefix out of the list of those to apply; returns whether there were any.
bool drop_applied(configuration::reload_plan& plan, std::string_view prefix, std::string_view why) {
  bool any = false;
  std::erase_if(plan.applied, [&](const std::string& key) {
    if (!key.starts_with(prefix))
      return false;
    tell_refused(key, why);
    any = true;
    return true;
  });
  return any;
}

bool uses_nats_files(const core::nats_settings& nats) {
  return !nats.tls_ca_file.empty() || !nats.tls_certificate_file.empty() || !nats.tls_key_file.empty();
}

// A file that cannot be used would make the next connection fail.
void check_nats(const core::settings& running, configuration::reload_plan& plan) {
  const auto usable = messaging::check_login(plan.next.nats);
  if (!usable.has_error())
    return;
  const auto why = all_of(usable.error());
  if (!drop_applied(plan, "nats.", why))
    tell_refused("nats.tls", why + "; the connection keeps the files that it has read");
  plan.next.nats = running.nats;
}

// A license that cannot be opened with the new settings would stop all changes.
void check_license_settings(const core::settings& running, configuration::reload_plan& plan) {
  constexpr std::string_view prefix = "kaa.license.";
  if (std::ranges::none_of(plan.applied, [&](const std::string& key) { return key.starts_with(prefix); }))
    return;
  const auto license = core::check_license(plan.next.license, core::now_ms());
  if (!license.has_error())
    return;
  drop_applied(plan, prefix, license.error().message);
  plan.next.license = running.license;
}

void set_levels(const core::settings& running, configuration::reload_plan& plan) {
  const auto set = core::set_log_levels(plan.next.logging.levels);
  if (!set.has_error())
    return;
  drop_applied(plan, "logging.level.", set.error().message);
  plan.next.logging = running.logging;
}

void tell_files(const core::nats_settings& nats) {
  const auto tell = [](std::string_view key, const std::string& file) {
    if (!file.empty())
      reload_log()->info("reload: {}: applied: read again for the next connection", key);
  };
  tell("nats.tls.ca", nats.tls_ca_file);
  tell("nats.tls.certificate", nats.tls_certificate_file);
  tell("nats.tls.key", nats.tls_key_file);
}

reload_result_ptr apply(const core::settings& running, const core::settings& loaded) {
  auto plan = configuration::plan_reload(running, loaded);
  set_levels(running, plan);
  const bool had_files = uses_nats_files(plan.next.nats);
  check_nats(running, plan);
  check_license_settings(running, plan);
  const bool files_usable = had_files && messaging::check_login(plan.next.nats).has_value();
  if (files_usable)
    tell_files(plan.next.nats);
  for (const auto& key : plan.applied) {
    if (!(files_usable && key.starts_with("nats.tls.")))
      reload_log()->info("reload: {}: applied", key);
  }
  for (const auto& key : plan.need_restart)
    reload_log()->warn("reload: {}: needs a restart", key);
  reload_log()->info("reload: done; keys applied: {}, that need a restart: {}", plan.applied.size(),
                     plan.need_restart.size());
  reload_result result;
  result.nats_login =
    files_usable || std::ranges::any_of(plan.applied, [](const std::string& key) { return key.starts_with("nats."); });
  result.next = std::make_shared<const core::settings>(std::move(plan.next));
  return std::make_shared<const reload_result>(std::move(result));
}

reload_result_ptr reload(const configuration::environment& variables, const core::settings& running) {
  reload_log()->info("reload: reading the configuration again");
  reopen_log();
  const auto loaded = configuration::load(variables);
  for (const auto& problem : loaded.warnings)
    reload_log()->warn("reload: {}", configuration::render(problem));
  if (loaded.value)
    return apply(running, *loaded.value);
  for (const auto& problem : loaded.errors)
    reload_log()->error("reload: refused: {}", configuration::render(problem));
  reload_log()->error("reload: refused as a whole; the running configuration stays");
  return std::make_shared<const reload_result>();
}

} // namespace

reloader_actor::behavior_type reloader(reloader_actor::stateful_pointer<reloader_state> self,
                                       configuration::environment variables) {
  harden(self);
  self->state.variables = std::move(variables);
  return {
    [self](reload_atom, const settings_ptr& running) { return reload(self->state.variables, *running); },
  };
}

} // namespace cm::actors
