// One request and exactly one response to it, whole or streamed.
#pragma once

#include "core/base/time.hpp"
#include "http/server/body_stream.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace cm::http {

/// Created by the connection; the request's handler answers it, in any thread. If it is destroyed without an answer,
/// it answers 503, so that the client never lacks a response. If it is destroyed between begin() and end(), the
/// connection is closed, so that the client notices the truncated response.
///
/// The handlers passed to read_body() and write() are called in the io thread or, if the connection no longer exists,
/// immediately in the calling thread. Each is called exactly once, unless the io_context is destroyed first.
class exchange {
public:
  using responder = std::function<void(response)>;

  /// @param deliver receives the response; called at most once, in the thread of respond() or of the destructor.
  ///   Must not throw.
  /// @param streams default: no streaming
  exchange(http::request received, responder deliver, core::steady_time arrived_at, stream_end streams = {});
  exchange(const exchange&) = delete;
  exchange(exchange&&) = delete;
  exchange& operator=(const exchange&) = delete;
  exchange& operator=(exchange&&) = delete;
  ~exchange();

  [[nodiscard]] const http::request& request() const noexcept { return request_; }

  /// Index of the request's route in the HTTP counters. Must be called before the exchange is answered.
  void set_route(std::size_t route) noexcept { route_ = route; }

  /// When the header was received completely.
  [[nodiscard]] core::steady_time arrived_at() const noexcept { return arrived_at_; }

  /// When the request was there completely: its header and, unless it is streamed, its body.
  [[nodiscard]] core::steady_time received_at() const noexcept { return received_at_; }

  /// Answers the request. Any thread. If a streamed body was not read to its end, the connection does not wait for the
  /// rest and closes after the response.
  /// @return false, without effect, if the exchange was already answered or a response was begun.
  bool respond(response answer);

  /// Whether respond() or begin() has succeeded.
  [[nodiscard]] bool answered() const noexcept { return state_.load(std::memory_order_acquire) != state::open; }

  /// Whether the request's body is read with read_body(); request().body() is then empty.
  [[nodiscard]] bool streamed() const noexcept { return streams_.streamed_request; }

  /// Requests the next piece of a streamed body. Any thread; one call at a time: the next call must wait for this one's
  /// piece. Between calls, at most a fixed-size buffer is read from the socket, which throttles the client. The first
  /// call sends "100 Continue" if the client waits for it. Reading may continue while a response is written.
  /// @param at_most bytes; 0 counts as 1. A piece is rarely longer than 16 KiB
  /// @param handler receives at least one byte, `last` or `failed`. `failed` also for invalid calls: the body is not
  ///   streamed, another call is pending, or the exchange was answered
  void read_body(std::size_t at_most, piece_handler handler);

  /// Sends the status line and the headers of a response whose body follows with write(): chunked or, to an HTTP/1.0
  /// client, delimited by the end of the connection. Any thread.
  /// @param head its body must be empty
  /// @return false, without effect, if the exchange was already answered
  bool begin(response head);

  /// Writes a piece of the body after begin(). Any thread; the next call only after `done`. The bytes are wiped after
  /// sending. For HEAD they are discarded and `done` reports success.
  /// @param done true when the bytes were written to the socket, false if the connection is closed or begin() is
  ///   missing
  void write(std::string bytes, written_handler done);

  /// Ends the response. Any thread; need not wait for the last write. The connection stays open if the request's body
  /// was read to its end, otherwise it closes.
  void end();

private:
  enum class state : std::uint8_t { open, answered, begun, ended };

  [[nodiscard]] bool leave(state from, state to) noexcept {
    return state_.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  http::request request_;
  responder deliver_;
  core::steady_time arrived_at_;
  core::steady_time received_at_ = std::chrono::steady_clock::now();
  stream_end streams_;
  std::size_t route_ = std::numeric_limits<std::size_t>::max();
  std::atomic<state> state_{state::open};
};

} // namespace cm::http
