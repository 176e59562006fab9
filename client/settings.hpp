// How a command reaches the service: from its options, the environment and the service's own configuration.
#pragma once

#include "client/arguments.hpp"
#include "client/http_client.hpp"
#include "core/configuration/configuration.hpp"

namespace cm::client {

/// For a command that asks the REST API. Reads the file of the bearer token.
/// @return errc::invalid for what cannot be, as one line
[[nodiscard]] core::expected<connection_settings>
connection_settings_of(const invocation& of, const core::configuration::environment& variables);

/// For `cm health`: the management port, 3 s.
[[nodiscard]] core::expected<connection_settings> health_settings_of(const invocation& of,
                                                                     const core::configuration::environment& variables);

} // namespace cm::client
