// Determines the connection of a command from its options, the environment and the configuration of the service.
#pragma once

#include "client/arguments.hpp"
#include "client/service_requests.hpp"
#include "core/configuration/configuration.hpp"

namespace cm::client {

/// The connection for a command that calls the REST API. Reads the file with the bearer token.
/// @return errc::invalid with a one-line message for invalid options
[[nodiscard]] core::expected<connection_settings>
connection_settings_of(const invocation& of, const core::configuration::environment& variables);

/// The connection for `cm health`: to the management port, with a default timeout of 3 s.
[[nodiscard]] core::expected<connection_settings> health_settings_of(const invocation& of,
                                                                     const core::configuration::environment& variables);

} // namespace cm::client
