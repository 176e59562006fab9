#include "core/configuration/rules.hpp"

#include "core/configuration/memory_limit.hpp"
#include "core/configuration/processors.hpp"
#include "core/configuration/value.hpp"

#include <string_view>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t short_key = 16; // bytes; 128 random bits cannot be found by brute force

class checker {
public:
  checker(const settings& value, const source_set& sources, std::vector<problem>& errors,
          std::vector<problem>& warnings)
    : value_(value), sources_(sources), errors_(errors), warnings_(warnings) {}

  void license() {
    if (value_.license.password.empty() && !sources_.broken.contains("kaa.license.cert-password"))
      errors_.push_back({"environment KAA_LICENSE_CERT_PASSWORD",
                         {},
                         "not set, expected the password of the license file (or KAA_LICENSE_CERT_PASSWORD_FILE)"});
  }

  void monitoring_agent() {
    const auto& agent = value_.agent;
    if (!agent.enabled)
      return;
    if (agent.password.empty() && !sources_.broken.contains("JMX_MONITOR_USER_PASSWORD"))
      errors_.push_back({"environment JMX_MONITOR_USER_PASSWORD",
                         {},
                         "not set, expected a password, because "
                         "JMX_ENABLE is true"});
    for (const auto& [key, port] :
         {std::pair{"server.port", value_.server.port}, std::pair{"management.port", value_.management.port}}) {
      if (agent.port == port)
        errors_.push_back({where("JMX_PORT"),
                           {},
                           "found " + std::to_string(port) + ", which is " + key + " too, expected another port"});
    }
  }

  void ports() {
    if (value_.server.port != value_.management.port)
      return;
    const auto* setting = find("management.port");
    if (setting == nullptr)
      setting = find("server.port");
    errors_.push_back(
      {setting == nullptr ? std::string("default") : setting->where, "management.port",
       "found " + std::to_string(value_.management.port) + ", which is server.port too, expected two different ports"});
  }

  // As in Spring, a certificate or a key store switches TLS on, unless `enabled` is false.
  void own_tls() {
    const auto require_none = [&](const std::string& requested_by, const std::string& enabled, const char* what) {
      if (requested_by.empty() || find(enabled) != nullptr)
        return;
      std::erase_if(warnings_, [&](const problem& p) { return p.key == requested_by; }); // the error says more
      errors_.push_back({where(requested_by), requested_by,
                         std::string("set, expected no certificate and no key store: TLS is not available in this "
                                     "release, and without it the ")
                           + what + " would be served without TLS (" + enabled + ": false permits that)"});
    };
    require_none(value_.server.tls_requested_by, "server.ssl.enabled", "REST API");
    require_none(value_.management.tls_requested_by, "management.ssl.enabled", "management port");
  }

  void nats_tls() {
    const auto& nats = value_.nats;
    if (nats.tls_certificate_file.empty() == nats.tls_key_file.empty())
      return;
    const std::string key = nats.tls_key_file.empty() ? "nats.tls.certificate" : "nats.tls.key";
    const std::string other = nats.tls_key_file.empty() ? "nats.tls.key" : "nats.tls.certificate";
    if (!sources_.broken.contains(other))
      errors_.push_back({where(key), key, "found without " + other + ", expected both or none"});
  }

  void token_hash_key() {
    if (value_.credentials.token_hash_key.empty())
      warnings_.push_back({"default", "kaa.cm.token-hash-key", "not set: token values are stored as plain SHA-256"});
    else if (value_.credentials.token_hash_key.reveal().size() < short_key)
      warnings_.push_back(
        {where("kaa.cm.token-hash-key"), "kaa.cm.token-hash-key", "shorter than 16 bytes, which can be guessed"});
  }

  void database_login() {
    if (value_.database.username.empty())
      warnings_.push_back({"environment MARIADB_USERNAME", {}, "not set: MariaDB gets no user name"});
  }

  void cache() {
    if (value_.credentials.cache_max_bytes > value_.memory_budget_bytes)
      warnings_.push_back({where("kaa.cm.cache.max-size"), "kaa.cm.cache.max-size",
                           "more than the memory budget of "
                             + size_to_text(static_cast<std::int64_t>(value_.memory_budget_bytes))
                             + " (-Xmx of JAVA_OPTIONS)"});
  }

  void authorization() {
    warnings_.push_back({where("security.oauth2.resource-server.enabled"), "security.oauth2.resource-server.enabled",
                         "false: the REST API answers everybody who can reach its port"});
  }

private:
  [[nodiscard]] const candidate* find(const std::string& key) const {
    const auto found = sources_.by_key.find(key);
    return found == sources_.by_key.end() || sources_.candidates[found->second].text.empty()
             ? nullptr
             : &sources_.candidates[found->second];
  }

  [[nodiscard]] std::string where(const std::string& key) const {
    const auto* found = find(key);
    return found == nullptr ? "default" : found->where;
  }

  const settings& value_;
  const source_set& sources_;
  std::vector<problem>& errors_;
  std::vector<problem>& warnings_;
};

} // namespace

void derive(settings& value) {
  value.logging.levels.emplace("root", "info");
  value.management.health_status_mapping.emplace("UNKNOWN", 503);
  auto& credentials = value.credentials;
  if (credentials.provider_concurrency == 0)
    credentials.provider_concurrency = usable_processors();
  if (credentials.cache_max_bytes == 0)
    credentials.cache_max_bytes = value.memory_budget_bytes / cache_share;
  value.buffer_memory_bytes = std::min(value.memory_budget_bytes, memory_limit().value_or(value.memory_budget_bytes));
}

void check(const settings& value, const source_set& sources, std::vector<problem>& errors,
           std::vector<problem>& warnings) {
  checker all(value, sources, errors, warnings);
  all.license();
  all.monitoring_agent();
  all.ports();
  all.own_tls();
  all.nats_tls();
  all.token_hash_key();
  all.database_login();
  all.cache();
  all.authorization();
}

} // namespace cm::core::configuration
