// Bodies that come and go in pieces: what an exchange asks of the connection that it came from.
#pragma once

#include "http/server/response.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cm::http {

/// A part of a request's body. It may hold tokens: wipe it (core::wipe) when it is done with.
struct body_piece {
  std::string bytes;
  bool last = false; ///< the body ends with these bytes
  bool failed =
    false; ///< cut short: the connection broke, the time was up or the framing was wrong; nothing more comes
};

using piece_handler = std::function<void(body_piece)>;
using written_handler = std::function<void(bool ok)>;

/// The connection as an exchange sees it. All functions may be called from any thread and take effect in the io
/// thread, in the order of the calls of one thread; none throws. `sequence` names the exchange: what comes too late
/// for it fails, and never touches the one that came after it.
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

/// Where an exchange's streams lead.
struct stream_end {
  std::weak_ptr<stream_port> port; ///< empty: there are no streams
  std::uint64_t sequence = 0;
  bool streamed_request = false; ///< the body comes by read_body()
};

} // namespace cm::http
