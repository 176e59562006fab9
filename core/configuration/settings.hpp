// The validated settings of a CM process (contract 3.1, 3.2). core/configuration creates them; each component receives
// its part before it starts.
#pragma once

#include "core/base/secret.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cm::core {

/// One `host:port`.
struct network_address {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const network_address&, const network_address&) = default;
};

enum class tls_mode : std::uint8_t {
  disabled,    ///< not encrypted
  trusted,     ///< encrypted; the certificate is not checked
  verify_ca,   ///< encrypted; checks the certificate chain, not the host name
  verify_full, ///< encrypted; checks the certificate chain and the host name
};

/// spring.datasource.*: the parts of the JDBC URL, login, pool.
struct database_settings {
  std::vector<network_address> hosts; ///< tried in this order
  std::string database;
  std::string username;
  secret password;
  tls_mode tls = tls_mode::disabled;
  std::string tls_ca_file; ///< serverSslCert; empty: the system's trust store
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds socket_timeout{10000};
  std::size_t pool_size = 8;
};

/// nats.*
struct nats_settings {
  std::vector<std::string> urls; ///< nats://host:port or tls://host:port, without a login
  std::string username;
  secret password;
  std::string tls_ca_file;
  std::string tls_certificate_file;
  std::string tls_key_file;
};

/// server.*
struct server_settings {
  std::uint16_t port = 80;
  std::string tls_requested_by; ///< the key of a certificate or key store that is set; empty: none
};

/// management.*, endpoints.*
struct management_settings {
  std::uint16_t port = 8080;
  std::string tls_requested_by; ///< the key of a certificate or key store that is set; empty: none
  bool health_enabled = true;
  bool info_enabled = true;
  bool metrics_enabled = true;
  bool prometheus_enabled = true;
  std::map<std::string, int> health_status_mapping; ///< health status in upper case -> HTTP status, 200 to 599
};

/// JMX_*: the monitoring agent.
struct agent_settings {
  bool enabled = false;
  std::uint16_t port = 10500;
  secret password; ///< of the user `monitor`; not empty if enabled
};

/// kaa.license.*, KAA_LICENSE_CERT_*
struct license_settings {
  std::string path;
  secret password;
  std::string trusted_certificates_file; ///< PEM bundle; empty: no chain check
  std::chrono::milliseconds check_interval{std::chrono::hours{1}};
  std::chrono::milliseconds grace_period{0};
};

/// kaa.cm.*, kaa.applications, kaa.ecap.provider.*
struct credential_settings {
  std::size_t token_length = 10;
  bool trustful = false;
  std::string ep_register_instance = "epr";
  std::map<std::string, std::set<std::string>> applications; ///< name -> versions; empty: all well-formed names
  std::chrono::milliseconds cache_time_to_live{10000};
  std::size_t cache_max_bytes = 0;
  secret token_hash_key;
  secret token_hash_key_previous;
  std::chrono::milliseconds revocations_retention{std::chrono::hours{7 * 24}};
  std::chrono::milliseconds audit_retention{std::chrono::hours{365 * 24}};
  std::size_t provider_concurrency = 0; ///< number of cores to use; at least 1 after loading
  std::size_t provider_queue_length = 4096;

  /// The number of shared actor threads, and also of token validators, of password workers, and of event loops of the
  /// REST port. Half of the cores, because the threads of the NATS library, the database workers and the log need the
  /// other half: measured, one per core costs more in wake-ups than it gains.
  [[nodiscard]] std::size_t workers_per_role() const noexcept {
    return std::max<std::size_t>(1, provider_concurrency / 2);
  }
};

/// kaa.tekton.*, scmp.consumer.provider.service-instance.name
struct tekton_settings {
  bool enabled = false;
  std::string url = "http://tekton"; ///< of its REST API
  std::string instance = "tekton";   ///< service instance whose configuration events CM follows
};

enum class log_format : std::uint8_t { automatic, text, json };

/// logging.*
struct logging_settings {
  std::map<std::string, std::string> levels; ///< logger -> trace, debug, info, warning, error, critical or off
                                             ///< (spdlog's names); "root" for all other loggers
  log_format format = log_format::automatic;
  std::string file; ///< empty: standard output
};

/// The effective value of one configuration key, for `cm check-config`.
struct effective_setting {
  std::string key;    ///< the key, or the environment variable if there is no key
  std::string value;  ///< readable form; "******" for a secret, empty if not set
  std::string origin; ///< "default", "environment NAME", "/path/file.yml:12"

  friend bool operator==(const effective_setting&, const effective_setting&) = default;
};

struct settings {
  std::string instance_name = "cm";
  server_settings server;
  management_settings management;
  agent_settings agent;
  nats_settings nats;
  database_settings database;
  license_settings license;
  credential_settings credentials;
  tekton_settings tekton;
  logging_settings logging;
  std::chrono::milliseconds shutdown_timeout{30000};
  std::size_t memory_budget_bytes = 0;      ///< -Xmx of JAVA_OPTIONS
  std::size_t buffer_memory_bytes = 0;      ///< the same, but not more than the control group's limit
  std::vector<effective_setting> effective; ///< every key with its origin; contains no secrets
};

} // namespace cm::core
