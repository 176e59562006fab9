// Parses one HTTP/1.1 response from the bytes of a connection.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cm::client {

/// The parts of a response that CM's client uses.
struct answer {
  unsigned status = 0;
  std::string reason;         ///< the reason phrase
  std::string retry_after;    ///< the Retry-After field; may be empty
  std::string correlation_id; ///< the Correlation-ID field; may be empty
  std::string body;           ///< empty if the body was streamed
};

/// Largest body in bytes that is not streamed. A page of 1000 items takes less than a tenth of it.
inline constexpr std::size_t max_answer_body = std::size_t{8} * 1024 * 1024;

class answer_reader {
public:
  /// Receives a piece of the body; returns false to abort.
  using stream_handler = std::function<bool(std::string_view)>;

  /// @param on_stream receives the body of a response with status 200 in pieces; bodies of other responses are stored
  /// in
  ///   answer::body. Empty: all bodies are stored.
  explicit answer_reader(stream_handler on_stream = {});
  answer_reader(const answer_reader&) = delete;
  answer_reader& operator=(const answer_reader&) = delete;
  ~answer_reader();

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

  /// Returns the response. Precondition: is_done(). Call it once.
  [[nodiscard]] answer take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace cm::client
