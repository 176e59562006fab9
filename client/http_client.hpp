// One request of HTTP/1.1 on a connection of its own, with a deadline on every step.
#pragma once

#include "client/answer_reader.hpp"
#include "client/input.hpp"
#include "client/service_url.hpp"
#include "client/transport.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include <chrono>
#include <string>

namespace cm::client {

/// How a service is reached, and as whom.
struct connection_settings {
  service_url url;
  tls_files files;
  core::secret bearer_token;  ///< empty: none is shown
  std::string correlation_id; ///< empty: the service makes one
  std::chrono::milliseconds timeout{30'000};
};

struct http_request {
  std::string method = "GET";
  std::string target; ///< below the prefix of the URL, percent-encoded
  std::string accept = "application/json";
  std::string content_type{}; ///< empty: there is no body
  std::string body{};         ///< wiped by whoever made it
};

/// The whole answer, within the time-out.
/// @return errc::unavailable where nobody answers in time or with something that is no HTTP, errc::invalid for a file
/// that
///   cannot be used
[[nodiscard]] core::expected<answer> ask(const connection_settings& with, const http_request& what);

/// As ask(), but the body of an answer of 200 goes to `on_stream` as it comes. The time-out is for each step.
/// @return also errc::internal where `on_stream` said false
[[nodiscard]] core::expected<answer> receive(const connection_settings& with, const http_request& what,
                                             answer_reader::stream_handler on_stream);

/// As receive(), while `from` is sent as the body, in pieces and as fast as the service takes it. It is not read before
/// the service lets it come, nor further when the answer is an error. `from` may take any time for its bytes.
/// @return also errc::invalid where `from` cannot be read
[[nodiscard]] core::expected<answer> exchange_streams(const connection_settings& with, const http_request& what,
                                                      input& from, answer_reader::stream_handler on_stream);

} // namespace cm::client
