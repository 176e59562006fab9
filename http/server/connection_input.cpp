// Reading of a connection: from the socket into the buffer, from there through the parser, up to a complete request.
#include "http/server/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <openssl/crypto.h>

#include <algorithm>

namespace cm::http {

namespace {

using boost::system::error_code;

constexpr std::size_t head_read_size = std::size_t{2} * 1024;

} // namespace

std::string_view connection::unread() const {
  const auto bytes = input_.data();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

void connection::consume(std::size_t bytes, bool holds_body) {
  if (holds_body)
    OPENSSL_cleanse(input_.data().data(), bytes);
  input_.consume(bytes);
}

void connection::read() {
  if (phase_ == phase::idle && input_.size() == 0)
    wait_for_input();
  else if (phase_ == phase::idle || phase_ == phase::head)
    with_memory(header_bytes(head_read_size), &connection::read_some);
  else
    read_some();
}

// An idle connection holds no memory: it gets a buffer when there are bytes to read.
void connection::wait_for_input() {
  release_memory();
  reading_ = true;
  socket_.async_wait(tcp_socket::wait_read, guarded([](connection& self, error_code ec) {
                       self.reading_ = false;
                       if (self.phase_ == phase::closed)
                         return;
                       if (ec)
                         self.close();
                       else if (self.phase_ == phase::idle)
                         self.with_memory(self.header_bytes(head_read_size), &connection::read_some);
                       else if (self.phase_ == phase::lingering)
                         self.read_some();
                     }));
}

void connection::read_some() {
  if (phase_ == phase::lingering)
    input_.clear();
  if (lease_ && phase_ == phase::idle)
    lease_->waits(std::chrono::steady_clock::now());
  const std::size_t free_space = input_.max_size() - input_.size();
  if (free_space == 0) { // a single field, chunk head or trailer section that is longer than the buffer
    if (phase_ == phase::streaming)
      fail_body();
    else
      refuse(431, "A header, chunk head or trailer is too long");
    return;
  }
  const bool in_body = phase_ == phase::body || phase_ == phase::streaming;
  const std::size_t size = in_body ? body_read_size : head_read_size;
  reading_ = true;
  socket_.async_read_some(input_.prepare(std::min(free_space, size)), guarded(&connection::on_read));
}

void connection::on_read(error_code ec, std::size_t bytes) {
  reading_ = false;
  switch (phase_) {
  case phase::closed:
  case phase::processing:
  case phase::writing: // a timeout response was sent while this read was pending; linger() reads on
    return;
  case phase::streaming:
    on_streamed_bytes(ec, bytes);
    return;
  case phase::lingering:
    if (ec)
      close();
    else
      read();
    return;
  case phase::idle:
  case phase::head:
  case phase::body:
    break;
  }
  if (ec) { // usually the end of the stream; a truncated request gets no response
    close();
    return;
  }
  progressed_ = true;
  input_.commit(bytes);
  advance();
}

void connection::advance() {
  for (;;) {
    const bool in_body = phase_ == phase::body;
    std::size_t used = 0;
    const auto progress = parser_.feed(unread(), used);
    consume(used, in_body);
    switch (progress) {
    case request_parser::progress::need_more:
      if (phase_ == phase::idle && parser_.started()) {
        phase_ = phase::head;
        slow_since_ = std::chrono::steady_clock::now();
        set_deadline(std::min(settings_->header_timeout, settings_->memory.stall));
      }
      read();
      return;
    case request_parser::progress::head:
      on_head();
      return;
    case request_parser::progress::complete:
      dispatch_request(false);
      return;
    case request_parser::progress::failed:
      refuse(parser_.failure_status(), parser_.failure_message());
      return;
    }
  }
}

void connection::on_head() {
  arrived_at_ = std::chrono::steady_clock::now();
  if (lease_)
    lease_->works();
  parser_.head().set_remote_address(remote_address_);
  const auto policy =
    callbacks_.policy ? callbacks_.policy(parser_.head()) : body_policy::buffered(settings_->body_limit);
  phase_ = phase::body;
  slow_since_ = arrived_at_;
  if (policy.stream)
    parser_.stream_body();
  else if (!parser_.set_body_limit(policy.limit)) {
    refuse(parser_.failure_status(), parser_.failure_message());
    return;
  }
  hold_body(policy);
}

void connection::begin_stream() {
  dispatch_request(true);
}

void connection::begin_body() {
  set_deadline(std::min(settings_->body_timeout, settings_->memory.stall));
  if (!parser_.expects_continue() || input_.size() > 0) { // the client already sends the body
    advance();
    return;
  }
  continuing_ = true;
  net::async_write(socket_, net::buffer(continue_line), guarded([](connection& self, error_code ec, std::size_t) {
                     self.continuing_ = false;
                     if (self.phase_ != phase::body)
                       return;
                     if (ec)
                       self.close();
                     else
                       self.advance();
                   }));
}

} // namespace cm::http
