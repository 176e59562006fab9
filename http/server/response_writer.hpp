// Puts a response into the bytes of HTTP/1.1: the one place for the headers that every response carries.
#pragma once

#include "http/server/response.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cm::http {

/// How the reader finds the end of the body (RFC 9112 section 6.3).
enum class body_framing : std::uint8_t {
  sized,       ///< Content-Length, of response::body
  chunked,     ///< Transfer-Encoding: chunked; the chunks follow by append_chunk() and end_chunks()
  until_close, ///< HTTP/1.0: whatever comes until the connection is closed
};

/// What the writer has to know about the request that is answered.
struct response_context {
  std::string_view correlation_id;
  bool head_request = false; ///< the body is not sent, its length is
  bool keep_alive = true;
  body_framing framing = body_framing::sized;
};

/// Appends status line and header section to `out`: Content-Type, Content-Length or what stands for it, Date,
/// Correlation-ID, Cache-Control: no-store, X-Content-Type-Options: nosniff, Connection, and what the response has
/// besides. A Cache-Control of the response replaces the common one; Content-Length, Transfer-Encoding and Connection
/// are the writer's alone. A line break in a header value becomes a space, so that no value can start a header of its
/// own.
/// @param now for Date (RFC 9110 section 6.6.1)
void write_head(std::string& out, const response& answer, const response_context& context,
                std::chrono::system_clock::time_point now);

/// Appends one chunk (RFC 9112 section 7.1); nothing for no bytes, because a chunk of none would be the last.
void append_chunk(std::string& out, std::string_view bytes);

/// Appends the last chunk, without trailers.
void end_chunks(std::string& out);

/// Whether the body goes onto the wire: not for HEAD, 1xx, 204 and 304 (RFC 9112 section 6.3).
[[nodiscard]] bool sends_body(const response& answer, bool head_request) noexcept;

/// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::chrono::system_clock::time_point at);

} // namespace cm::http
