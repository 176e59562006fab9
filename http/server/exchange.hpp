// One request and the promise of exactly one response to it, whole or in pieces.
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

/// Made by the connection, answered by whoever works on the request, in any thread. If all who hold it let go of it
/// without an answer, it answers 503 by itself: the client is never left without a response. If they let go of it
/// between begin() and end(), the connection is closed, so that the client sees that the answer was cut short.
///
/// The handlers that read_body() and write() take are called in the io thread, or, when the connection does not exist
/// any more, at once in the thread of the call. Each is called exactly once, unless the io_context goes first.
class exchange {
public:
  using responder = std::function<void(response)>;

  /// @param deliver takes the response; called at most once, in the thread of respond() or of the destructor.
  ///   Must not throw.
  /// @param streams without it, bodies can neither be read nor written in pieces
  exchange(http::request received, responder deliver, core::steady_time arrived_at, stream_end streams = {});
  exchange(const exchange&) = delete;
  exchange(exchange&&) = delete;
  exchange& operator=(const exchange&) = delete;
  exchange& operator=(exchange&&) = delete;
  ~exchange();

  [[nodiscard]] const http::request& request() const noexcept { return request_; }

  /// Which route it is for, as the counters number them. To be called, if at all, before anybody answers.
  void set_route(std::size_t route) noexcept { route_ = route; }

  /// When the header was complete.
  [[nodiscard]] core::steady_time arrived_at() const noexcept { return arrived_at_; }

  /// Answers the request. Any thread. Of a streamed request that was not read to its end, the rest is not waited for:
  /// the connection closes after the response.
  /// @return false, and nothing happens, when it was answered before or an answer was begun.
  bool respond(response answer);

  /// Whether an answer was given or begun.
  [[nodiscard]] bool answered() const noexcept { return state_.load(std::memory_order_acquire) != state::open; }

  /// Whether the request's body comes by read_body(); request().body() is empty then.
  [[nodiscard]] bool streamed() const noexcept { return streams_.streamed_request; }

  /// Asks for the next piece of a streamed body. Any thread; the next ask only after this one's piece came. Nothing
  /// is read from the socket, beyond a buffer of a fixed size, while nobody asks. A client that waits for
  /// "100 Continue" gets it with the first ask. May go on while an answer is written.
  /// @param at_most bytes (at least 1 is taken); a piece is seldom longer than 16 KiB
  /// @param handler gets at least one byte, or `last`, or `failed`; `failed` too for what cannot be asked: a body that
  ///   is not streamed, a second ask, an exchange that was answered
  void read_body(std::size_t at_most, piece_handler handler);

  /// Sends the status line and the headers of an answer whose body comes by write(): chunked, or, to an HTTP/1.0
  /// client, until the connection closes. Any thread.
  /// @param head its body must be empty
  /// @return false, and nothing happens, when it was answered before
  bool begin(response head);

  /// Writes a piece of the body after begin(). Any thread; the next only after this one is done. The bytes are wiped
  /// when they are sent. For HEAD they go nowhere, successfully.
  /// @param done true when the socket has taken the bytes, false when the connection is gone or nothing was begun
  void write(std::string bytes, written_handler done);

  /// Ends the answer. Any thread; need not wait for the last write. The connection goes on when the request's body was
  /// read to its end, else it closes.
  void end();

private:
  enum class state : std::uint8_t { open, answered, begun, ended };

  [[nodiscard]] bool leave(state from, state to) noexcept {
    return state_.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  http::request request_;
  responder deliver_;
  core::steady_time arrived_at_;
  stream_end streams_;
  std::size_t route_ = std::numeric_limits<std::size_t>::max();
  std::atomic<state> state_{state::open};
};

} // namespace cm::http
