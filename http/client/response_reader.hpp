// Parses one HTTP/1.1 response from the bytes of a connection.
#pragma once

#include "core/base/error.hpp"
#include "http/client/response.hpp"

#include <memory>
#include <string_view>

namespace cm::http {

/// Skips interim responses (1xx), of which it accepts a few. Must not be used for the response to a HEAD request, which
/// has no body in spite of its Content-Length.
class response_reader {
public:
  /// @param on_body receives the body of a response with status 200 in pieces; bodies of other responses are stored in
  ///   client_response::body. Empty: all bodies are stored.
  explicit response_reader(const response_limits& limits = {}, body_handler on_body = {});
  response_reader(const response_reader&) = delete;
  response_reader& operator=(const response_reader&) = delete;
  ~response_reader();

  /// Processes the next received bytes.
  /// @return errc::unavailable for invalid HTTP or a too large response; errc::internal if the handler returned false
  [[nodiscard]] core::expected<void> feed(std::string_view bytes);

  /// Call this when the peer has closed its side.
  /// @return errc::unavailable if the response is not complete
  [[nodiscard]] core::expected<void> end();

  [[nodiscard]] bool is_done() const;

  /// Whether a 100 (Continue) was received.
  [[nodiscard]] bool is_continued() const;

  /// The status of the final response, not of a preceding 1xx; 0 until its header is complete.
  [[nodiscard]] unsigned status() const;

  /// Whether the server accepts a further request on the connection. False also if it has sent more than this response,
  /// since nobody asked for that. Precondition: is_done().
  [[nodiscard]] bool keeps_alive() const;

  /// Returns the response. Precondition: is_done(). Call it once.
  [[nodiscard]] client_response take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace cm::http
