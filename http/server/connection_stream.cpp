// Body streaming of a connection, in both directions at the same time.
#include "core/base/secret.hpp"
#include "http/server/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace cm::http {

namespace {

using boost::system::error_code;

// Buffers up to this size are kept for the next request.
constexpr std::size_t kept_output_size = std::size_t{4} * 1024;

body_piece failed_piece() {
  return body_piece{{}, false, true};
}

} // namespace

// --- From the exchange, in any thread --------------------------------------------------------------------------------

// Always posted, so that a handler that immediately requests the next piece does not recurse.
template <class Function>
void connection::pass_on(Function function) {
  try {
    post(std::move(function));
  } catch (const std::exception&) {
    // Out of memory in a thread other than the io thread: this object must not be accessed here. The timeout, in the
    // io thread, ends the idle exchange.
    return;
  }
}

void connection::read_body(std::uint64_t sequence, std::size_t at_most, piece_handler handler) {
  pass_on([sequence, at_most, handler = std::move(handler)](connection& self) mutable {
    if (self.has_streams(sequence))
      self.on_ask(at_most, std::move(handler));
    else
      handler(failed_piece());
  });
}

void connection::begin_answer(std::uint64_t sequence, response head) {
  pass_on([sequence, head = std::move(head)](connection& self) mutable {
    if (self.has_streams(sequence) || (self.phase_ == phase::processing && sequence == self.sequence_))
      self.on_begin(std::move(head));
  });
}

void connection::write_answer(std::uint64_t sequence, std::string bytes, written_handler done) {
  if (!done)
    done = [](bool) {};
  pass_on([sequence, bytes = std::move(bytes), done = std::move(done)](connection& self) mutable {
    if (self.has_streams(sequence) && self.streams_.begun) {
      self.on_write(std::move(bytes), std::move(done));
      return;
    }
    core::wipe(bytes);
    done(false);
  });
}

void connection::end_answer(std::uint64_t sequence) {
  pass_on([sequence](connection& self) {
    if (self.has_streams(sequence) && self.streams_.begun)
      self.on_end();
  });
}

void connection::cut_answer(std::uint64_t sequence) {
  pass_on([sequence](connection& self) {
    if (self.has_streams(sequence) && self.streams_.begun)
      self.close();
  });
}

// Whether that exchange is the current one, is streaming, and has not ended.
bool connection::has_streams(std::uint64_t sequence) const noexcept {
  return phase_ == phase::streaming && sequence == sequence_ && !streams_.ending && !streams_.whole;
}

// --- The request's body ----------------------------------------------------------------------------------------------

void connection::on_ask(std::size_t at_most, piece_handler handler) {
  if (!streams_.request_streamed || streams_.ask) {
    handler(failed_piece());
    return;
  }
  streams_.ask = std::move(handler);
  streams_.at_most = std::max<std::size_t>(at_most, 1);
  continue_body();
  touch();
  decode_body();
}

// Sends "100 Continue" if the client waits for it. A client that has already begun to send its body does not need it.
void connection::continue_body() {
  if (std::exchange(streams_.continue_owed, false) && input_.size() == 0) {
    streams_.queued.append(continue_line);
    send_queued();
  }
}

void connection::decode_body() {
  while (streams_.decoded.empty() && streams_.body == body_state::coming) {
    if (reading_) // the pending read owns the buffer
      return;
    std::size_t used = 0;
    const auto progress = parser_.feed(unread(), used);
    consume(used, true);
    streams_.decoded = parser_.take_body();
    if (progress == request_parser::progress::complete) {
      streams_.body = body_state::done;
    } else if (progress == request_parser::progress::failed) {
      report(parser_.failure_status(), parser_.failure_message());
      streams_.body = body_state::failed;
      keep_alive_ = false;
    } else if (streams_.decoded.empty()) {
      read();
      return;
    }
  }
  give_piece();
}

void connection::on_streamed_bytes(error_code ec, std::size_t bytes) {
  if (streams_.body != body_state::coming || !streams_.ask) // timed out or answered in the meantime
    return;
  if (ec == net::error::eof) { // the client may still read: the exchange can be answered
    fail_body();
    return;
  }
  if (ec) {
    close();
    return;
  }
  input_.commit(bytes);
  touch();
  decode_body();
}

void connection::fail_body() {
  streams_.body = body_state::failed;
  keep_alive_ = false;
  give_piece();
}

void connection::give_piece() {
  auto& decoded = streams_.decoded;
  body_piece piece;
  const std::size_t left = decoded.size() - streams_.given;
  if (streams_.given == 0 && left <= streams_.at_most) {
    piece.bytes = std::exchange(decoded, {});
  } else {
    const std::size_t size = std::min(left, streams_.at_most);
    piece.bytes.assign(decoded, streams_.given, size);
    streams_.given += size;
    if (size == left) {
      core::wipe(decoded);
      streams_.given = 0;
    }
  }
  // Bytes that were received before a failure are delivered first.
  piece.last = decoded.empty() && streams_.body == body_state::done;
  piece.failed = piece.bytes.empty() && streams_.body == body_state::failed;
  const auto handler = std::exchange(streams_.ask, {});
  touch();
  if (handler)
    handler(std::move(piece));
}

// Whether the request's body was read completely, so that the next request can follow. Decodes what is in the buffer,
// where the final chunk may be waiting, but does not read from the socket.
bool connection::body_read_to_end() {
  if (!streams_.request_streamed)
    return true;
  if (!streams_.decoded.empty() || reading_)
    return false;
  if (streams_.body == body_state::coming) {
    std::size_t used = 0;
    const auto progress = parser_.feed(unread(), used);
    consume(used, true);
    streams_.decoded = parser_.take_body();
    if (progress == request_parser::progress::complete && streams_.decoded.empty())
      streams_.body = body_state::done;
  }
  return streams_.body == body_state::done;
}

// --- The response ----------------------------------------------------------------------------------------------------

void connection::on_begin(response head) {
  if (streams_.begun)
    return;
  phase_ = phase::streaming;
  streams_.begun = true;
  streams_.status = head.status;
  streams_.route = head.route;
  continue_body();
  streams_.framing = http_1_0_ ? body_framing::until_close : body_framing::chunked;
  streams_.sends_body = sends_body(head, head_request_);
  keep_alive_ = keep_alive_ && !http_1_0_ && !draining_ && !head.close;
  core::wipe(head.body);
  write_head(streams_.queued, head, response_context{correlation_id_, head_request_, keep_alive_, streams_.framing},
             std::chrono::system_clock::now());
  send_queued();
  touch();
}

void connection::on_write(std::string bytes, written_handler done) {
  // A concurrent write is a caller's error: a response with a missing piece must not look complete.
  if (streams_.done || streams_.done_sending) {
    core::wipe(bytes);
    close();
    done(false);
    return;
  }
  if (bytes.empty() || !streams_.sends_body) {
    core::wipe(bytes);
    touch();
    done(true);
    return;
  }
  if (streams_.framing == body_framing::chunked) {
    constexpr std::size_t framing_size = 20; // 16 digits and two line ends
    streams_.queued.reserve(streams_.queued.size() + bytes.size() + framing_size);
    append_chunk(streams_.queued, bytes);
  } else {
    streams_.queued.append(bytes);
  }
  core::wipe(bytes);
  streams_.done = std::move(done);
  send_queued();
  touch();
}

void connection::on_end() {
  streams_.ending = true;
  if (streams_.sends_body && streams_.framing == body_framing::chunked)
    end_chunks(streams_.queued);
  send_queued();
  if (!streams_.sending)
    finish_streams();
}

// An ordinary response to a streamed request.
void connection::on_whole_answer(response answer) {
  if (streams_.begun)
    return;
  keep_alive_ = body_read_to_end() && keep_alive_;
  fail_ask();
  streams_.whole = std::move(answer);
  if (!streams_.sending)
    on_all_sent();
}

void connection::send_queued() {
  if (streams_.sending || streams_.queued.empty())
    return;
  output_.clear();
  output_.swap(streams_.queued);
  streams_.done_sending = std::exchange(streams_.done, {});
  streams_.sending = true;
  streams_.sent = 0;
  send_some();
}

void connection::send_some() {
  socket_.async_write_some(net::buffer(output_) + streams_.sent, guarded(&connection::on_sent));
}

void connection::on_sent(error_code ec, std::size_t bytes) {
  if (phase_ == phase::closed)
    return;
  if (ec) {
    close();
    return;
  }
  streams_.sent += bytes;
  touch();
  if (streams_.sent < output_.size()) {
    send_some();
    return;
  }
  streams_.sending = false;
  core::wipe(output_);
  touch();
  if (const auto done = std::exchange(streams_.done_sending, {}))
    done(true);
  on_all_sent();
}

void connection::on_all_sent() {
  if (!streams_.queued.empty()) {
    send_queued();
  } else if (streams_.whole) {
    auto answer = std::move(*streams_.whole);
    drop_streams();
    write(std::move(answer));
  } else if (streams_.ending) {
    finish_streams();
  }
}

void connection::finish_streams() {
  const bool goes_on = body_read_to_end() && keep_alive_ && !draining_;
  count(streams_.status, streams_.route, std::chrono::steady_clock::now());
  drop_streams();
  if (output_.capacity() > kept_output_size)
    output_ = {};
  if (goes_on)
    next_request();
  else
    linger();
}

// --- The end ---------------------------------------------------------------------------------------------------------

void connection::fail_ask() {
  if (auto handler = std::exchange(streams_.ask, {}))
    post([handler = std::move(handler)](connection&) { handler(failed_piece()); });
}

// Posts a failure to every pending handler of the streams.
void connection::drop_streams() {
  if (phase_ != phase::streaming)
    return;
  fail_ask();
  for (auto* done : {&streams_.done, &streams_.done_sending}) {
    if (*done)
      post([handler = std::move(*done)](connection&) { handler(false); });
  }
  core::wipe(streams_.decoded);
  core::wipe(streams_.queued);
  streams_ = {};
}

// --- Time ------------------------------------------------------------------------------------------------------------

void connection::touch() {
  if (phase_ != phase::streaming)
    return;
  const bool waits = streams_.ask || streams_.sending;
  set_deadline(waits ? settings_->stream_idle_timeout : settings_->response_timeout);
}

void connection::on_stream_timeout() {
  if (streams_.sending) {
    close();
  } else if (streams_.ask) {
    fail_body();
  } else if (streams_.begun) {
    report(503, "The response was not finished in time");
    close();
  } else {
    respond_overdue();
  }
}

} // namespace cm::http
