#include "http/server/acceptor.hpp"

#include "core/base/try.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace cm::http {

namespace {

using boost::system::error_code;

// The kernel limits it to net.core.somaxconn.
constexpr int backlog = 4096;

// How often a connection for which there is no place looks for one, besides when another connection ends.
constexpr std::chrono::milliseconds place_pause{50};

bool lacks_resources(error_code ec) noexcept {
  return ec.value() == EMFILE || ec.value() == ENFILE || ec.value() == ENOBUFS || ec.value() == ENOMEM;
}

// Answers a connection that gets no place, without waiting: the answer fits into the socket's empty buffer.
void refuse(tcp_socket& socket) {
  constexpr std::string_view answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
                                      "Connection: close\r\n\r\n";
  static_cast<void>(::send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  error_code ignored; // close() releases the descriptor even when it reports an error
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  socket.close(ignored);
}

} // namespace

core::expected<std::shared_ptr<acceptor>> acceptor::open(net::io_context& io, const std::string& address,
                                                         std::uint16_t port, acceptor_settings settings) {
  CM_TRY(auto bound, bound_port::open(address, port));
  return open(io, std::move(bound), std::move(settings));
}

core::expected<std::shared_ptr<acceptor>> acceptor::open(net::io_context& io, bound_port bound,
                                                         acceptor_settings settings) {
  const auto port = bound.port();
  tcp_acceptor listening{io.get_executor()};
  error_code ec;
  const auto protocol = bound.is_v6() ? tcp::v6() : tcp::v4();
  const auto descriptor = bound.release();
  listening.assign(protocol, descriptor, ec);
  if (ec)
    ::close(descriptor);
  if (!ec && settings.kernel_buffer > 0) { // accepted sockets inherit it
    error_code ignored;
    listening.set_option(net::socket_base::receive_buffer_size(settings.kernel_buffer), ignored);
    listening.set_option(net::socket_base::send_buffer_size(settings.kernel_buffer), ignored);
  }
  if (!ec)
    listening.listen(backlog, ec);
  if (!ec)
    listening.non_blocking(true, ec);
  if (ec)
    return cannot_listen({}, port, ec.value());
  // The constructor is private: no make_shared.
  return std::shared_ptr<acceptor>(new acceptor{io, std::move(listening), std::move(settings)});
}

acceptor::acceptor(net::io_context& io, tcp_acceptor listening, acceptor_settings settings)
  : executor_(io.get_executor()), listening_(std::move(listening)), retry_(executor_), settings_(std::move(settings)),
    table_(settings_.limits) {
  if (!settings_.counters)
    settings_.counters = std::make_shared<connection_counters>();
  error_code ec;
  port_ = listening_.local_endpoint(ec).port();
}

void acceptor::start(handler on_accept) {
  net::post(executor_, [self = shared_from_this(), on_accept = std::move(on_accept)]() mutable {
    self->on_accept_ = std::move(on_accept);
    self->accept();
  });
}

void acceptor::pause() {
  net::post(executor_, [self = shared_from_this()] {
    self->on_accept_ = nullptr;
    self->retry_.cancel();
    error_code ignored; // fails only on a closed socket, which has no pending accept to cancel
    self->listening_.cancel(ignored);
  });
}

void acceptor::stop(std::function<void()> on_stopped) {
  net::post(executor_, [self = shared_from_this(), on_stopped = std::move(on_stopped)] {
    self->table_.lift_limits();
    self->take_waiting();
    self->drain_backlog();
    self->retry_.cancel();
    error_code ignored; // close() releases the descriptor even when it reports an error
    self->listening_.close(ignored);
    self->on_accept_ = nullptr;
    self->waiting_.clear();
    if (on_stopped)
      on_stopped();
  });
}

void acceptor::drain_backlog() {
  while (listening_.is_open() && on_accept_) {
    error_code ec;
    tcp_socket socket{next_loop()};
    listening_.accept(socket, ec);
    if (ec == net::error::connection_aborted || ec == net::error::interrupted)
      continue;
    if (ec == net::error::would_block || ec == net::error::try_again)
      return;
    if (ec) {
      back_off(ec); // only to report the error: stop() cancels the timer
      return;
    }
    static_cast<void>(take(socket)); // there are no limits any more
  }
}

const executor_type& acceptor::next_loop() noexcept {
  return settings_.loops.empty() ? executor_ : settings_.loops[next_loop_index_++ % settings_.loops.size()];
}

void acceptor::accept() {
  if (accepting_ || !listening_.is_open() || !on_accept_)
    return;
  take_waiting();
  accepting_ = true;
  if (!waiting_.empty()) {
    wait_for_place();
    return;
  }
  listening_.async_accept(next_loop(), [self = shared_from_this()](error_code ec, tcp_socket socket) {
    self->on_accepted(ec, std::move(socket));
  });
}

void acceptor::on_accepted(error_code ec, tcp_socket socket) {
  accepting_ = false;
  if (!ec) {
    backoff_ = {};
    waiting_.push_back(std::move(socket));
  } else if (ec != net::error::operation_aborted && ec != net::error::connection_aborted) {
    back_off(ec);
  }
  accept(); // after a cancellation too: start() may have been called since
}

void acceptor::take_waiting() {
  while (!waiting_.empty() && on_accept_ && take(waiting_.front()))
    waiting_.pop_front();
}

// @return false, without effect, if there is no place
bool acceptor::take(tcp_socket& socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec) // it has disconnected already
    return true;
  auto [verdict, place] = table_.add(peer.address(), std::chrono::steady_clock::now());
  switch (verdict) {
  case connection_table::verdict::full:
    return false;
  case connection_table::verdict::address_at_limit:
    settings_.counters->refused_address.add(1);
    refuse(socket);
    break;
  case connection_table::verdict::admitted:
    hand_over(std::move(socket), std::move(place));
    break;
  }
  show_counts();
  return true;
}

void acceptor::wait_for_place() {
  retry_.expires_after(place_pause);
  retry_.async_wait([self = shared_from_this()](error_code) {
    self->accepting_ = false;
    self->accept();
  });
}

void acceptor::show_counts() {
  settings_.counters->open.set(table_.size());
  settings_.counters->closed_idle.add(table_.evictions() - std::exchange(evictions_, table_.evictions()));
}

void acceptor::hand_over(tcp_socket socket, std::shared_ptr<connection_lease> place) {
  // The lease may be released in any thread, and after the io_context was destroyed: hence the weak pointer.
  std::shared_ptr<connection_lease> lease{place.get(), [place, weak = weak_from_this()](connection_lease*) {
                                            if (const auto self = weak.lock())
                                              net::post(self->executor_, [self, place] { self->on_released(place); });
                                          }};
  const handler on_accept = on_accept_; // a copy, because the handler may replace on_accept_
  try {
    on_accept(accepted_socket{std::move(socket), std::move(lease)});
  } catch (const std::exception& e) {
    if (settings_.on_trouble)
      settings_.on_trouble(core::make_error(core::errc::internal, "a new connection could not be handled", e.what()));
  }
}

void acceptor::on_released(const std::shared_ptr<connection_lease>& place) {
  table_.remove(place);
  show_counts();
  if (waiting_.empty())
    accept();
  else
    retry_.cancel(); // which looks for a place at once
}

void acceptor::back_off(error_code ec) {
  settings_.counters->accept_errors.add(1);
  if (lacks_resources(ec))
    table_.evict_one(std::chrono::steady_clock::now());
  if (backoff_ == std::chrono::milliseconds{}) {
    backoff_ = settings_.first_backoff;
    if (settings_.on_trouble)
      settings_.on_trouble(core::make_error(core::errc::unavailable, "accepting connections fails: " + ec.message()));
  } else {
    backoff_ = std::min(2 * backoff_, settings_.max_backoff);
  }
  accepting_ = true;
  retry_.expires_after(backoff_);
  retry_.async_wait([self = shared_from_this()](error_code) {
    self->accepting_ = false;
    self->accept();
  });
}

} // namespace cm::http
