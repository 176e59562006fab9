// The HTTP client of CM: for Tekton, and for the operators' commands.
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "http/client/body_source.hpp"
#include "http/client/response.hpp"
#include "http/client/server_address.hpp"
#include "http/client/tls_files.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cm::http {

/// All members but the body become the header: without control characters, which the client does not check.
struct client_request {
  std::string method = "GET"; ///< not HEAD
  std::string target;         ///< appended to the prefix of the server; percent-encoded
  std::string accept = "application/json";
  std::string content_type{};                                ///< empty: no body
  std::string body{};                                        ///< may contain a secret; the caller must wipe it
  core::secret authorization{};                              ///< "Bearer …"; empty: no such field
  std::vector<std::pair<std::string, std::string>> fields{}; ///< further header fields
};

struct client_settings {
  server_address server;
  tls_files files{}; ///< for https
  response_limits limits{};
  bool keep_alive = false; ///< several requests may use the same connection
};

/// Sends requests to one server, one after the other. Follows no redirects. Not thread-safe; its functions block the
/// calling thread: until the deadline at most, and for the name resolution, which has the time limits of the system.
class http_client {
public:
  using clock = std::chrono::steady_clock;

  explicit http_client(client_settings with);
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  ~http_client();

  /// Sends the request and returns the complete response. Repeats a GET once if a kept connection fails, because a
  /// server may close that at any time.
  /// @return errc::unavailable if there is no valid HTTP response in time, or if it exceeds the limits; errc::invalid
  /// if
  ///   a TLS file cannot be used
  [[nodiscard]] core::expected<client_response> send(const client_request& what, clock::time_point deadline);

  /// Like send(), without a repetition, and passes the body of a 200 response to `on_body` as it arrives. If `from` is
  /// not null, sends it as the body at the same time, in chunks and as fast as the server accepts it: it does not read
  /// `from` before the server requests the body (100 Continue) or has had a second for that, and stops reading if the
  /// response is an error.
  /// @param step_limit for each step in which bytes move; does not apply while only `from` is waited for
  /// @return also errc::internal if `on_body` returned false; an error of `from`
  [[nodiscard]] core::expected<client_response> stream(const client_request& what, std::chrono::milliseconds step_limit,
                                                       body_handler on_body, body_source* from = nullptr);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace cm::http
