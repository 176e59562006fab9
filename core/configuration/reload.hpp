// What a reload (SIGHUP, contract 3.3) may change in a running process, and what needs a restart.
#pragma once

#include "core/configuration/settings.hpp"

#include <string>
#include <vector>

namespace cm::core::configuration {

struct reload_plan {
  settings next;                         ///< the running settings with the applicable changes
  std::vector<std::string> applied;      ///< keys that have changed and can be applied
  std::vector<std::string> need_restart; ///< keys that have changed and cannot be applied
};

/// Compares the running settings with those that were loaded anew. Log levels, the logins of MariaDB and NATS, the TLS
/// files of NATS, the password of the monitoring agent, and the license's path, password and trusted certificates can
/// be applied; every other key needs a restart.
[[nodiscard]] reload_plan plan_reload(const settings& running, const settings& loaded);

} // namespace cm::core::configuration
