// Sends the requests of a command to the service, with the credentials and the time limit of the command.
#pragma once

#include "client/input.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "http/client/http_client.hpp"

#include <chrono>
#include <string>

namespace cm::client {

/// The address of a service and the credentials for it.
struct connection_settings {
  http::server_address url;
  http::tls_files files;
  core::secret bearer_token;  ///< empty: the request has no Authorization field
  std::string correlation_id; ///< empty: the service generates one
  std::chrono::milliseconds timeout{30'000};
};

// Each of them uses a new connection, adds the credentials to the request, and wipes the body of the request.

/// Sends the request and returns the complete response within the timeout.
/// @return errc::unavailable if there is no valid HTTP response in time; errc::invalid if a TLS file cannot be used
[[nodiscard]] core::expected<http::client_response> ask(const connection_settings& with, http::client_request what);

/// Like ask(), but passes the body of a 200 response to `on_body` as it arrives. The timeout applies to each step.
/// @return also errc::internal if `on_body` returned false
[[nodiscard]] core::expected<http::client_response> receive(const connection_settings& with, http::client_request what,
                                                            http::body_handler on_body);

/// Like receive(), and sends `from` as the body at the same time; see http_client::stream().
/// @return also errc::invalid if `from` cannot be read
[[nodiscard]] core::expected<http::client_response>
exchange_streams(const connection_settings& with, http::client_request what, input& from, http::body_handler on_body);

} // namespace cm::client
