// Streamed request and response bodies: the interface through which an exchange uses its connection.
#pragma once

#include "http/server/response.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cm::http {

/// A part of a request's body. It may contain tokens: wipe it (core::wipe) after use.
struct body_piece {
  std::string bytes;
  bool last = false; ///< the body ends with these bytes
  /// The body is incomplete: connection lost, timeout or malformed framing. No further piece follows.
  bool failed = false;
};

using piece_handler = std::function<void(body_piece)>;
using written_handler = std::function<void(bool ok)>;

/// The connection as an exchange sees it. All functions may be called from any thread and take effect in the io
/// thread, in the order of the calls of one thread; none throws. `sequence` identifies the exchange: a call for an
/// exchange that has ended fails and does not affect the next exchange on the connection.
class stream_port {
public:
  virtual void read_body(std::uint64_t sequence, std::size_t at_most, piece_handler handler) = 0;
  virtual void begin_answer(std::uint64_t sequence, response head) = 0;
  virtual void write_answer(std::uint64_t sequence, std::string bytes, written_handler done) = 0;
  virtual void end_answer(std::uint64_t sequence) = 0;
  virtual void cut_answer(std::uint64_t sequence) = 0;

  stream_port(const stream_port&) = delete;
  stream_port(stream_port&&) = delete;
  stream_port& operator=(const stream_port&) = delete;
  stream_port& operator=(stream_port&&) = delete;

protected:
  stream_port() = default;
  ~stream_port() = default;
};

/// Connects an exchange to the streams of its connection.
struct stream_end {
  std::weak_ptr<stream_port> port; ///< empty: streaming is not available
  std::uint64_t sequence = 0;
  bool streamed_request = false; ///< the body is read with read_body()
};

} // namespace cm::http
