// Serializes responses to HTTP/1.1 and adds the headers that all responses have in common.
#pragma once

#include "http/server/response.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cm::http {

/// The interim response that asks the client for the body of its request.
inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

/// How the client finds the end of the body (RFC 9112 section 6.3).
enum class body_framing : std::uint8_t {
  sized,       ///< Content-Length, of response::body
  chunked,     ///< Transfer-Encoding: chunked; append_chunk() and end_chunks() write the chunks
  until_close, ///< HTTP/1.0: the body ends when the connection is closed
};

/// Properties of the request and its connection that determine the response headers.
struct response_context {
  std::string_view correlation_id;
  bool head_request = false; ///< HEAD: Content-Length is sent, the body is not
  bool keep_alive = true;
  body_framing framing = body_framing::sized;
};

/// Appends status line and header section to `out`: Content-Type, Content-Length or Transfer-Encoding, Date,
/// Correlation-ID, Cache-Control: no-store, X-Content-Type-Options: nosniff, Connection, and the response's own
/// headers. The response may replace Cache-Control; its Content-Length, Transfer-Encoding and Connection are ignored.
/// Line breaks in header values become spaces, to prevent header injection.
/// @param now for Date (RFC 9110 section 6.6.1)
void write_head(std::string& out, const response& answer, const response_context& context,
                std::chrono::system_clock::time_point now);

/// Appends one chunk (RFC 9112 section 7.1). Appends nothing if `bytes` is empty: an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view bytes);

/// Appends the last chunk, without trailers.
void end_chunks(std::string& out);

/// Whether the body is sent: not for HEAD, 1xx, 204 and 304 (RFC 9112 section 6.3).
[[nodiscard]] bool sends_body(const response& answer, bool head_request) noexcept;

/// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::chrono::system_clock::time_point time);

} // namespace cm::http
