// Bytes in, requests out: HTTP/1.x parsing and all of its limits, without a socket.
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
  std::size_t header = std::size_t{16} * 1024; ///< bytes of request line and header section together; beyond it 431
  std::size_t target = std::size_t{8} * 1024;  ///< bytes; beyond it 414
};

/// What happens to the body of a request; asked for when its header is there.
struct body_policy {
  std::size_t limit = std::size_t{64} * 1024; ///< bytes; beyond it 413. Without meaning for a streamed body
  bool stream = false;                        ///< given out in pieces, of any length altogether

  /// Collected whole before the request is handed out.
  [[nodiscard]] static body_policy buffered(std::size_t limit) { return body_policy{limit, false}; }

  /// The request is handed out as soon as its header is complete; the body comes by exchange::read_body().
  [[nodiscard]] static body_policy streamed() { return body_policy{0, true}; }
};

/// Reads one request after the other. Strict where a lenient reading would let two parties see different requests
/// (RFC 9112 section 11.2): one Content-Length of digits only or one `Transfer-Encoding: chunked`, never both; no
/// chunked in HTTP/1.0; exactly one Host in HTTP/1.1; trailers are read and dropped.
class request_parser {
public:
  enum class progress : std::uint8_t {
    need_more, ///< feed again with what is left and more behind it
    head,      ///< the header is complete and correct: set_body_limit() or stream_body(), then feed on
    complete,  ///< take() the request, of a streamed one the last of the body; then reset()
    failed,    ///< failure_status() says why; the connection cannot be used any further
  };

  explicit request_parser(parser_limits limits);
  request_parser(const request_parser&) = delete;
  request_parser(request_parser&&) = delete;
  request_parser& operator=(const request_parser&) = delete;
  request_parser& operator=(request_parser&&) = delete;
  ~request_parser();

  /// Reads from `data`, which begins with what an earlier call left unread.
  /// @param consumed how many bytes are done with
  [[nodiscard]] progress feed(std::string_view data, std::size_t& consumed);

  /// Between `head` and the next feed(): how long the body may be.
  /// @return false (and the parser has failed with 413) when Content-Length is beyond it already
  [[nodiscard]] bool set_body_limit(std::size_t limit);

  /// Between `head` and the next feed(), instead of set_body_limit(): the body has no limit, and every feed() leaves
  /// what it read of it for take_body().
  void stream_body();

  /// The part of a streamed body that was read since the last call, in order; never more bytes than were consumed
  /// since.
  [[nodiscard]] std::string take_body();

  /// Whether any byte of the present request was read.
  [[nodiscard]] bool started() const noexcept;

  /// After `head`: whether the client waits for "100 Continue" before it sends its body.
  [[nodiscard]] bool expects_continue() const noexcept;

  /// After `head`: whether the client lets the connection go on.
  [[nodiscard]] bool keep_alive() const noexcept;

  /// Correct after `head`; after `failed` as much as was understood (the correlation ID is always set then).
  [[nodiscard]] request_head& head() noexcept;

  /// HTTP status that describes the failure, and a sentence about it.
  [[nodiscard]] int failure_status() const noexcept { return failure_status_; }

  [[nodiscard]] std::string_view failure_message() const noexcept { return failure_message_; }

  /// The request; only after `complete`, once. Of a streamed one, after stream_body(): without its body.
  [[nodiscard]] request take();

  /// Ready for the next request.
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
  std::size_t barren_bytes_ = 0; // streamed only: on the wire since the last byte of the body
  std::size_t body_limit_ = 0;
  bool streamed_ = false;
  bool expects_continue_ = false;
  int failure_status_ = 0;
  std::string_view failure_message_;
};

} // namespace cm::http
