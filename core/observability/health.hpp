// The health of CM as probes and operators see it (contract 7.1): plain data, filled in by the health reporter.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

enum class health_status : std::uint8_t { up, down, out_of_service, unknown };

/// The names that Spring Boot uses: "UP", "DOWN", "OUT_OF_SERVICE", "UNKNOWN".
[[nodiscard]] constexpr std::string_view to_string(health_status status) noexcept {
  switch (status) {
  case health_status::up:
    return "UP";
  case health_status::down:
    return "DOWN";
  case health_status::out_of_service:
    return "OUT_OF_SERVICE";
  case health_status::unknown:
    break;
  }
  return "UNKNOWN";
}

struct database_health {
  health_status status = health_status::unknown;
  std::string database = "MariaDB";   ///< product name, as in Spring Boot
  std::optional<std::string> version; ///< of the server; empty until known
  std::string error;                  ///< why the status is not UP; else empty
  std::string warning;                ///< a problem that leaves the status UP; else empty

  friend bool operator==(const database_health&, const database_health&) = default;
};

struct nats_health {
  health_status status = health_status::unknown;
  std::string server; ///< URL without user name and password; empty while not connected
  std::string error;

  friend bool operator==(const nats_health&, const nats_health&) = default;
};

struct license_health {
  health_status status = health_status::unknown;
  std::string subject;
  std::optional<timestamp> expires;
  std::string error;

  friend bool operator==(const license_health&, const license_health&) = default;
};

struct outbox_health {
  health_status status = health_status::unknown;
  std::uint64_t pending = 0; ///< events that NATS has not confirmed yet

  friend bool operator==(const outbox_health&, const outbox_health&) = default;
};

struct actors_health {
  health_status status = health_status::unknown;
  std::uint64_t restarts = 0; ///< since the process started
  std::string error;          ///< what does not work although all actors run; else empty

  friend bool operator==(const actors_health&, const actors_health&) = default;
};

/// Whether CM's own test requests get through. Shown as that of the actors.
struct request_path_health {
  health_status status = health_status::unknown;
  std::string error;

  friend bool operator==(const request_path_health&, const request_path_health&) = default;
};

/// The health of all parts at one time. The health reporter decides `status`; the code that renders it does not.
struct health_snapshot {
  health_status status = health_status::unknown;
  database_health db;
  nats_health nats;
  license_health license;
  outbox_health outbox;
  actors_health actors;
  bool live = true;                  ///< liveness probe: no restart needed
  bool ready = false;                ///< readiness probe: can serve requests
  std::vector<std::string> warnings; ///< such as trustful mode (contract 4.5)
  timestamp taken_at{};

  friend bool operator==(const health_snapshot&, const health_snapshot&) = default;
};

/// The content of `/info` (contract 7.2).
struct service_info {
  std::string instance;
  std::string replica_id;
  std::string version;
  std::string commit;
  timestamp started_at{};
  bool trustful = false;

  friend bool operator==(const service_info&, const service_info&) = default;
};

} // namespace cm::core
