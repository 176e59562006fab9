// The settings of one CM process, validated: what the configuration (contract 3.1, 3.2) comes to.
// Made by core/configuration; every part is handed to the one who needs it, before that one starts.
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
  disabled,  ///< never
  trusted,   ///< encrypted, the certificate is not checked
  verify_ca, ///< encrypted, the chain is checked, the host name is not
  verify_full,
};

/// spring.datasource.*: the JDBC URL taken apart, login, pool.
struct database_settings {
  std::vector<network_address> hosts; ///< tried in this order
  std::string database;
  std::string username;
  secret password;
  tls_mode tls = tls_mode::disabled;
  std::string tls_ca_file; ///< serverSslCert; empty: the system's store
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
};

/// management.*, endpoints.*
struct management_settings {
  std::uint16_t port = 8080;
  bool health_enabled = true;
  bool info_enabled = true;
  bool metrics_enabled = true;
  bool prometheus_enabled = true;
  std::map<std::string, int> health_status_mapping; ///< health status in upper case -> HTTP status, 200 to 599
};

/// JMX_*: the monitoring agent
struct agent_settings {
  bool enabled = false;
  std::uint16_t port = 10500;
  secret password; ///< of the user `monitor`; there when it is enabled
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
  std::map<std::string, std::set<std::string>> applications; ///< name -> versions; empty: any well-formed name
  std::chrono::milliseconds cache_time_to_live{10000};
  std::size_t cache_max_bytes = 0;
  secret token_hash_key;
  secret token_hash_key_previous;
  std::chrono::milliseconds revocations_retention{std::chrono::hours{7 * 24}};
  std::chrono::milliseconds audit_retention{std::chrono::hours{365 * 24}};
  std::size_t provider_concurrency = 0; ///< cores to work on; at least 1 after loading
  std::size_t provider_queue_length = 4096;

  /// Threads that the actors without one of their own share, token validators, password workers, and loops of the REST
  /// port: so many each. The NATS library's threads, the database workers and the log need the other half of the cores;
  /// measured, one for each core costs more in wake-ups than it brings.
  [[nodiscard]] std::size_t workers_per_role() const noexcept {
    return std::max<std::size_t>(1, provider_concurrency / 2);
  }
};

/// kaa.tekton.*, scmp.consumer.provider.service-instance.name
struct tekton_settings {
  bool enabled = false;
  std::string url = "http://tekton"; ///< of its REST API
  std::string instance = "tekton";   ///< whose configuration events are followed
};

enum class log_format : std::uint8_t { automatic, text, json };

/// logging.*
struct logging_settings {
  std::map<std::string, std::string> levels; ///< logger -> trace, debug, info, warning, error, critical or off
                                             ///< (spdlog's names); "root" for the rest
  log_format format = log_format::automatic;
  std::string file; ///< empty: standard output
};

/// One configuration key as it came out, for `cm check-config`.
struct effective_setting {
  std::string key;    ///< the key, or the environment variable where there is no key
  std::string value;  ///< as a person reads it; "******" for a secret, empty where nothing is set
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
  std::vector<effective_setting> effective; ///< every key with its origin; no secret in it
};

} // namespace cm::core
