// Sends one HTTP/1.1 request on a new connection, with a deadline for every step.
#pragma once

#include "client/input.hpp"
#include "client/service_url.hpp"
#include "client/transport.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "http/client/response_reader.hpp"

#include <chrono>
#include <string>

namespace cm::client {

/// The address of a service and the credentials for it.
struct connection_settings {
  service_url url;
  tls_files files;
  core::secret bearer_token;  ///< empty: the request has no Authorization field
  std::string correlation_id; ///< empty: the service generates one
  std::chrono::milliseconds timeout{30'000};
};

struct http_request {
  std::string method = "GET";
  std::string target; ///< appended to the prefix of the URL; percent-encoded
  std::string accept = "application/json";
  std::string content_type{}; ///< empty: no body
  std::string body{};         ///< may contain a secret; the caller must wipe it
};

/// Sends the request and returns the complete response within the timeout.
/// @return errc::unavailable if there is no valid HTTP response in time; errc::invalid if a TLS file cannot be used
[[nodiscard]] core::expected<answer> ask(const connection_settings& with, const http_request& what);

/// Like ask(), but passes the body of a 200 response to `on_stream` as it arrives. The timeout applies to each step.
/// @return also errc::internal if `on_stream` returned false
[[nodiscard]] core::expected<answer> receive(const connection_settings& with, const http_request& what,
                                             answer_reader::stream_handler on_stream);

/// Like receive(), and sends `from` as the body at the same time, in chunks and as fast as the service accepts it. Does
/// not read `from` before the service requests the body (100 Continue), and stops reading if the response is an error.
/// The timeout does not apply while only `from` is waited for.
/// @return also errc::invalid if `from` cannot be read
[[nodiscard]] core::expected<answer> exchange_streams(const connection_settings& with, const http_request& what,
                                                      input& from, answer_reader::stream_handler on_stream);

} // namespace cm::client
