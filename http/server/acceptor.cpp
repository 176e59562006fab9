#include "http/server/acceptor.hpp"

#include "core/base/try.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <exception>
#include <unistd.h>
#include <utility>

namespace cm::http {

namespace {

using boost::system::error_code;

// The kernel limits it to net.core.somaxconn.
constexpr int backlog = 4096;

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
  else
    listening.listen(backlog, ec);
  if (!ec)
    listening.non_blocking(true, ec);
  if (ec)
    return cannot_listen({}, port, ec.value());
  // The constructor is private: no make_shared.
  return std::shared_ptr<acceptor>(new acceptor{io, std::move(listening), std::move(settings)});
}

acceptor::acceptor(net::io_context& io, tcp_acceptor listening, acceptor_settings settings)
  : executor_(io.get_executor()), listening_(std::move(listening)), retry_(executor_), settings_(std::move(settings)) {
  error_code ec;
  port_ = listening_.local_endpoint(ec).port();
}

bool acceptor::may_accept() const noexcept {
  return listening_.is_open() && on_accept_ && connections_ < settings_.max_connections;
}

void acceptor::start(handler on_accept) {
  net::post(executor_, [self = shared_from_this(), on_accept = std::move(on_accept)]() mutable {
    self->on_accept_ = std::move(on_accept);
    for (auto& socket : std::exchange(self->parked_, {}))
      self->hand_over(std::move(socket));
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
    self->drain_backlog();
    self->retry_.cancel();
    error_code ignored; // close() releases the descriptor even when it reports an error
    self->listening_.close(ignored);
    self->on_accept_ = nullptr;
    self->parked_.clear();
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
    hand_over(std::move(socket));
  }
}

const executor_type& acceptor::next_loop() noexcept {
  return settings_.loops.empty() ? executor_ : settings_.loops[next_loop_index_++ % settings_.loops.size()];
}

void acceptor::accept() {
  if (accepting_ || !may_accept())
    return;
  accepting_ = true;
  listening_.async_accept(next_loop(), [self = shared_from_this()](error_code ec, tcp_socket socket) {
    self->on_accepted(ec, std::move(socket));
  });
}

void acceptor::on_accepted(error_code ec, tcp_socket socket) {
  accepting_ = false;
  if (!ec) {
    backoff_ = {};
    hand_over(std::move(socket));
  } else if (ec != net::error::operation_aborted && ec != net::error::connection_aborted) {
    back_off(ec);
  }
  accept(); // after a cancellation too: start() may have been called since
}

void acceptor::hand_over(tcp_socket socket) {
  if (!on_accept_) { // paused while this accept was completing
    parked_.push_back(std::move(socket));
    return;
  }
  ++connections_;
  // The lease may be released in any thread, and after the io_context was destroyed: hence the weak pointer.
  std::shared_ptr<void> lease{nullptr, [weak = weak_from_this()](void*) {
                                if (const auto self = weak.lock())
                                  net::post(self->executor_, [self] { self->on_released(); });
                              }};
  const handler on_accept = on_accept_; // a copy, because the handler may replace on_accept_
  try {
    on_accept(accepted_socket{std::move(socket), std::move(lease)});
  } catch (const std::exception& e) {
    if (settings_.on_trouble)
      settings_.on_trouble(core::make_error(core::errc::internal, "a new connection could not be handled", e.what()));
  }
}

void acceptor::on_released() {
  --connections_;
  accept();
}

void acceptor::back_off(error_code ec) {
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
