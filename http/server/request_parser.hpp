// HTTP/1.x request parser with size limits, independent of a socket.
#pragma once

#include "http/server/request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

struct parser_limits {
  std::size_t header = std::size_t{16} * 1024; ///< bytes of request line and header section together; above: 431
  std::size_t target = std::size_t{8} * 1024;  ///< bytes; above: 414
};

/// How the body of a request is handled; determined when its header is complete.
struct body_policy {
  std::size_t limit = std::size_t{64} * 1024; ///< bytes; above: 413. Not used for a streamed body
  bool stream = false;                        ///< delivered in pieces, without a limit

  /// The request is handed out after its whole body was received.
  [[nodiscard]] static body_policy buffered(std::size_t limit) { return body_policy{limit, false}; }

  /// The request is handed out as soon as its header is complete; the body is read with exchange::read_body().
  [[nodiscard]] static body_policy streamed() { return body_policy{0, true}; }
};

/// Parses one request after the other. Strict, to prevent request smuggling (RFC 9112 section 11.2): one
/// Content-Length of digits only or one `Transfer-Encoding: chunked`, never both; no chunked in HTTP/1.0; exactly one
/// Host in HTTP/1.1; trailers are discarded.
class request_parser {
public:
  enum class progress : std::uint8_t {
    need_more, ///< call feed() again with the unconsumed bytes and more
    head,      ///< the header is complete and valid: call set_body_limit() or stream_body(), then feed() again
    complete,  ///< take() the request or, for a streamed one, take_body() its last bytes; then reset()
    failed,    ///< failure_status() says why; the connection cannot be used any further
  };

  explicit request_parser(parser_limits limits);
  request_parser(const request_parser&) = delete;
  request_parser(request_parser&&) = delete;
  request_parser& operator=(const request_parser&) = delete;
  request_parser& operator=(request_parser&&) = delete;
  ~request_parser();

  /// Parses `data`, which must begin with the bytes that the previous call did not consume.
  /// @param consumed number of bytes that were parsed
  [[nodiscard]] progress feed(std::string_view data, std::size_t& consumed);

  /// Sets the maximum length of the body, in bytes. Call between `head` and the next feed().
  /// @return false if Content-Length exceeds it; the parser has then failed with 413
  [[nodiscard]] bool set_body_limit(std::size_t limit);

  /// After set_body_limit(): the most bytes that the body may have; 0 if there is none.
  [[nodiscard]] std::size_t max_body() const;

  /// Instead of set_body_limit(), between `head` and the next feed(): the body has no limit, and what a feed() reads of
  /// it must be fetched with take_body().
  void stream_body();

  /// The part of a streamed body that was read since the last call; never more bytes than feed() has consumed since.
  [[nodiscard]] std::string take_body();

  /// Whether any byte of the current request was read.
  [[nodiscard]] bool started() const noexcept;

  /// After `head`: whether the client waits for "100 Continue" before it sends its body.
  [[nodiscard]] bool expects_continue() const noexcept;

  /// After `head`: whether the client allows the connection to stay open.
  [[nodiscard]] bool keep_alive() const noexcept;

  /// Complete after `head`. After `failed`, it contains what was parsed; the correlation ID is always set.
  [[nodiscard]] request_head& head() noexcept;

  /// HTTP status of the failure; 0 if there is none.
  [[nodiscard]] int failure_status() const noexcept { return failure_status_; }

  /// Message for the client; may be empty.
  [[nodiscard]] std::string_view failure_message() const noexcept { return failure_message_; }

  /// The request. Call once, after `complete`; for a streamed request after stream_body(), without its body.
  [[nodiscard]] request take();

  /// Prepares for the next request.
  void reset();

private:
  class sink;

  [[nodiscard]] progress fail(int status, std::string_view message);
  [[nodiscard]] progress fail_too_long(std::string_view unread);
  [[nodiscard]] progress fail_with_parser_error(bool bad_version, std::string_view unread);
  [[nodiscard]] progress check_head();
  [[nodiscard]] progress check_framing();
  [[nodiscard]] progress feed_head(std::string_view data, std::size_t& consumed);
  [[nodiscard]] progress feed_body(std::string_view data, std::size_t& consumed);
  [[nodiscard]] bool wastes_the_wire(std::size_t used, std::size_t gained) noexcept;

  parser_limits limits_;
  std::unique_ptr<sink> sink_;
  std::size_t head_bytes_ = 0;
  std::uint64_t body_wire_bytes_ = 0;
  std::uint64_t body_bytes_ = 0; // streamed only
  std::size_t barren_bytes_ = 0; // streamed only: received since the last byte of the body
  std::size_t body_limit_ = 0;
  bool streamed_ = false;
  bool expects_continue_ = false;
  int failure_status_ = 0;
  std::string_view failure_message_;
};

} // namespace cm::http
