// The ports of the service, bound at the start of the process.
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"
#include "http/server/bound_port.hpp"

#include <optional>

namespace cm::actors {

struct service_ports {
  http::bound_port api;
  http::bound_port management;
  std::optional<http::bound_port> agent; ///< empty without monitoring agent
};

/// Binds the ports, with the capability for those below 1024 if the process has it, and gives the capability up. To be
/// called before the process starts a thread.
/// @return an error whose message names the key of the port that cannot be bound
[[nodiscard]] core::expected<service_ports> bind_ports(const core::settings& settings);

} // namespace cm::actors
