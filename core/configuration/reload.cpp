#include "core/configuration/reload.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace cm::core::configuration {

namespace {

constexpr std::string_view level_prefix = "logging.level.";

// A key, whether it can be applied, and its value in the settings. effective_setting masks secrets, so they are
// compared here.
struct secret_key {
  std::string_view key;
  bool applicable;
  const secret& (*value)(const settings&);
};

constexpr std::array<secret_key, 6> secret_keys{{
  {"JMX_MONITOR_USER_PASSWORD", true, [](const settings& s) -> const secret& { return s.agent.password; }},
  {"kaa.license.cert-password", true, [](const settings& s) -> const secret& { return s.license.password; }},
  {"nats.password", true, [](const settings& s) -> const secret& { return s.nats.password; }},
  {"spring.datasource.password", true, [](const settings& s) -> const secret& { return s.database.password; }},
  {"kaa.cm.token-hash-key", false, [](const settings& s) -> const secret& { return s.credentials.token_hash_key; }},
  {"kaa.cm.token-hash-key-previous", false,
   [](const settings& s) -> const secret& { return s.credentials.token_hash_key_previous; }},
}};

constexpr std::array<std::string_view, 7> applicable_keys{"nats.username",
                                                          "nats.tls.ca",
                                                          "nats.tls.certificate",
                                                          "nats.tls.key",
                                                          "spring.datasource.username",
                                                          "kaa.license.cert-path",
                                                          "kaa.license.trusted-certificates"};

bool is_applicable(std::string_view key) {
  return key.starts_with(level_prefix) || std::ranges::find(applicable_keys, key) != applicable_keys.end();
}

using values = std::map<std::string_view, const effective_setting*>;

values values_of(const settings& from) {
  values result;
  for (const auto& setting : from.effective)
    result.emplace(setting.key, &setting);
  return result;
}

bool is_secret(std::string_view key) {
  return std::ranges::any_of(secret_keys, [key](const secret_key& known) { return known.key == key; });
}

void compare_shown(const values& before, const values& after, reload_plan& plan) {
  const auto note = [&plan](std::string_view key) {
    if (!is_secret(key))
      (is_applicable(key) ? plan.applied : plan.need_restart).emplace_back(key);
  };
  for (const auto& [key, setting] : after) {
    const auto was = before.find(key);
    if (was == before.end() || was->second->value != setting->value)
      note(key);
  }
  for (const auto& [key, setting] : before) {
    if (!after.contains(key))
      note(key);
  }
}

// The applied keys with their new values, the others as they are.
std::vector<effective_setting> merge_effective(const settings& running, const settings& loaded,
                                               const std::vector<std::string>& applied) {
  const auto is_applied = [&applied](const effective_setting& setting) {
    return std::ranges::find(applied, setting.key) != applied.end();
  };
  std::vector<effective_setting> result;
  const auto after = values_of(loaded);
  for (const auto& setting : running.effective) {
    if (!is_applied(setting))
      result.push_back(setting);
    else if (const auto now = after.find(setting.key); now != after.end())
      result.push_back(*now->second);
  }
  const auto before = values_of(running);
  for (const auto& setting : loaded.effective) {
    if (is_applied(setting) && !before.contains(setting.key))
      result.push_back(setting);
  }
  return result;
}

} // namespace

reload_plan plan_reload(const settings& running, const settings& loaded) {
  reload_plan plan;
  compare_shown(values_of(running), values_of(loaded), plan);
  for (const auto& [key, applicable, value] : secret_keys) {
    if (!(value(running) == value(loaded)))
      (applicable ? plan.applied : plan.need_restart).emplace_back(key);
  }
  plan.next = running;
  plan.next.logging.levels = loaded.logging.levels;
  plan.next.database.username = loaded.database.username;
  plan.next.database.password = loaded.database.password;
  plan.next.nats.username = loaded.nats.username;
  plan.next.nats.password = loaded.nats.password;
  plan.next.nats.tls_ca_file = loaded.nats.tls_ca_file;
  plan.next.nats.tls_certificate_file = loaded.nats.tls_certificate_file;
  plan.next.nats.tls_key_file = loaded.nats.tls_key_file;
  plan.next.license.path = loaded.license.path;
  plan.next.license.password = loaded.license.password;
  plan.next.license.trusted_certificates_file = loaded.license.trusted_certificates_file;
  plan.next.agent.password = loaded.agent.password;
  plan.next.effective = merge_effective(running, loaded, plan.applied);
  return plan;
}

} // namespace cm::core::configuration
