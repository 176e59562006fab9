// Bytes of a connection in, one answer of HTTP/1.1 out.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cm::client {

/// An answer, as far as a client of CM looks at it.
struct answer {
  unsigned status = 0;
  std::string reason;      ///< the phrase beside the status
  std::string retry_after; ///< empty where there is none, here and below
  std::string correlation_id;
  std::string body; ///< empty where it was streamed
};

/// Largest body that is kept, bytes: a page of 1000 items has less than a tenth of it.
inline constexpr std::size_t max_answer_body = std::size_t{8} * 1024 * 1024;

class answer_reader {
public:
  /// False: nothing more is wanted.
  using stream_handler = std::function<bool(std::string_view)>;

  /// @param on_stream takes the body of an answer of status 200 piece by piece; empty: that body is kept like all
  /// others
  explicit answer_reader(stream_handler on_stream = {});
  answer_reader(const answer_reader&) = delete;
  answer_reader& operator=(const answer_reader&) = delete;
  ~answer_reader();

  /// Takes what came next.
  /// @return errc::unavailable for what is no HTTP, and for too much of it; errc::internal where the handler said false
  [[nodiscard]] core::expected<void> feed(std::string_view bytes);

  /// The peer has closed its side.
  /// @return errc::unavailable where the answer is not complete
  [[nodiscard]] core::expected<void> end();

  [[nodiscard]] bool is_done() const;

  /// Whether 100 (Continue) came.
  [[nodiscard]] bool is_continued() const;

  /// Of the answer itself, not of a 1xx before it; 0 until its header is complete.
  [[nodiscard]] unsigned status() const;

  /// When it is done, once.
  [[nodiscard]] answer take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace cm::client
