#include "http/server/connection.hpp"

#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "http/server/problem.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <utility>

namespace cm::http {

namespace {

using boost::system::error_code;

// Input buffer space beyond the header limit: for bytes that follow a header of maximum length, and for chunk heads.
constexpr std::size_t input_reserve = std::size_t{4} * 1024;

std::string address_of_peer(const tcp_socket& socket) {
  error_code ec;
  const auto address = socket.remote_endpoint(ec).address();
  if (ec)
    return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

} // namespace

std::shared_ptr<connection> connection::create(accepted_socket accepted,
                                               std::shared_ptr<const connection_settings> settings,
                                               connection_callbacks callbacks) {
  // The constructor is private: no make_shared.
  const auto lease = accepted.lease;
  std::shared_ptr<connection> created{new connection{std::move(accepted), std::move(settings), std::move(callbacks)}};
  if (lease)
    lease->on_evict([weak = std::weak_ptr<connection>{created}] {
      try {
        if (const auto self = weak.lock())
          self->post(&connection::evict);
      } catch (const std::exception&) {
        return; // out of memory: it stays open
      }
    });
  return created;
}

connection::connection(accepted_socket accepted, std::shared_ptr<const connection_settings> settings,
                       connection_callbacks callbacks)
  : socket_(std::move(accepted.socket)), lease_(std::move(accepted.lease)), settings_(std::move(settings)),
    callbacks_(std::move(callbacks)), timer_(socket_.get_executor()),
    queue_(net::use_service<memory_queue>(socket_.get_executor().context())), memory_(settings_->memory.budget),
    input_(settings_->limits.header + input_reserve), parser_(settings_->limits) {}

connection::~connection() {
  sensitive_ = true;
  wipe_output();
  core::wipe(streams_.decoded);
  core::wipe(streams_.queued);
}

void connection::start() {
  post(&connection::begin);
}

void connection::graceful_close() {
  post(&connection::drain);
}

void connection::abort() {
  post(&connection::close);
}

void connection::begin() {
  if (phase_ == phase::closed)
    return;
  remote_address_ = address_of_peer(socket_);
  error_code ignored; // the connection works without TCP_NODELAY too
  socket_.set_option(tcp::no_delay(true), ignored);
  if (lease_)
    lease_->waits(std::chrono::steady_clock::now());
  set_deadline(draining_ ? settings_->drain_linger : settings_->idle_timeout);
  read();
}

void connection::drain() {
  draining_ = true;
  if (phase_ == phase::idle)
    set_deadline(settings_->drain_linger);
}

// The port has too many connections, and this one has waited for a request the longest. Its request may have come in
// the meantime.
void connection::evict() {
  if (phase_ == phase::idle || phase_ == phase::head)
    close();
  else
    draining_ = true;
}

// --- Request and response --------------------------------------------------------------------------------------------

void connection::dispatch_request(bool streamed) {
  correlation_id_ = parser_.head().correlation_id();
  head_request_ = parser_.head().verb() == method::head;
  keep_alive_ = parser_.keep_alive();
  http_1_0_ = parser_.head().is_http_1_0();
  streams_.request_streamed = streamed;
  streams_.continue_owed = streamed && parser_.expects_continue();
  phase_ = streamed ? phase::streaming : phase::processing;
  set_deadline(settings_->response_timeout);
  const std::uint64_t sequence = ++sequence_;
  auto opened = std::make_shared<exchange>(
    parser_.take(),
    [weak = weak_from_this(), sequence](response answer) {
      if (const auto self = weak.lock())
        self->deliver(sequence, std::move(answer));
    },
    arrived_at_,
    stream_end{std::shared_ptr<stream_port>{shared_from_this(), static_cast<stream_port*>(this)}, sequence, streamed});
  open_ = opened;
  release_input();
  try {
    callbacks_.on_request(std::move(opened));
  } catch (const std::exception& e) {
    report(500, e.what()); // the destructor of the exchange has already answered 503
  }
}

void connection::deliver(std::uint64_t sequence, response answer) {
  try {
    net::dispatch(socket_.get_executor(), guarded([sequence, answer = std::move(answer)](connection& self) mutable {
                    self.on_response(sequence, std::move(answer));
                  }));
  } catch (const std::exception&) {
    // Out of memory in a thread other than the io thread: this object must not be accessed here. The response timeout,
    // in the io thread, finds an answered exchange without a response and closes the connection.
    return;
  }
}

void connection::on_response(std::uint64_t sequence, response answer) {
  if (phase_ == phase::processing && sequence == sequence_)
    write(std::move(answer));
  else if (has_streams(sequence))
    on_whole_answer(std::move(answer));
  // Otherwise the connection was closed, or the request has already been answered with a timeout error.
}

void connection::report(int status, std::string_view reason) {
  if (callbacks_.on_refused)
    callbacks_.on_refused(refusal{status, std::string{reason}, correlation_id_, remote_address_});
}

void connection::count(int status, std::size_t route, core::steady_time now) noexcept {
  if (callbacks_.counters)
    callbacks_.counters->answered(route, status, now - arrived_at_, now);
}

void connection::refuse(int status, std::string_view reason) {
  if (phase_ != phase::body) // the header is incomplete, so no arrival time was recorded
    arrived_at_ = std::chrono::steady_clock::now();
  const auto& head = parser_.head();
  correlation_id_ = head.correlation_id().empty() ? core::to_string(core::random_uuid()) : head.correlation_id();
  head_request_ = head.verb() == method::head;
  keep_alive_ = false;
  awaits_memory_ = false;
  report(status, reason);
  write(problem(problem_context{head.path(), correlation_id_}, status, reason));
}

void connection::write(response answer) {
  phase_ = phase::writing;
  hold_response(answer);
  keep_alive_ = keep_alive_ && !draining_ && !answer.close;
  sensitive_ = answer.sensitive;
  output_.clear();
  write_head(output_, answer, response_context{correlation_id_, head_request_, keep_alive_},
             std::chrono::system_clock::now());
  if (sends_body(answer, head_request_) && answer.body.size() > copied_body_size)
    output_body_ = std::move(answer.body);
  else if (sends_body(answer, head_request_))
    output_.append(answer.body);
  if (sensitive_)
    core::wipe(answer.body);
  set_deadline(settings_->write_timeout);
  count(answer.status, answer.route, deadline_ - settings_->write_timeout); // which is now
  const auto done = [](connection& self, error_code ec, std::size_t) { self.on_written(ec); };
  if (output_body_.empty()) {
    net::async_write(socket_, net::buffer(output_), guarded(done));
  } else {
    const std::array<net::const_buffer, 2> both{net::buffer(output_), net::buffer(output_body_)};
    net::async_write(socket_, both, guarded(done));
  }
}

void connection::on_written(error_code ec) {
  wipe_output();
  if (phase_ == phase::closed)
    return;
  if (ec) {
    close();
    return;
  }
  if (!keep_alive_) {
    linger();
    return;
  }
  next_request();
}

void connection::next_request() {
  parser_.reset();
  phase_ = phase::idle;
  if (lease_)
    lease_->waits(std::chrono::steady_clock::now());
  set_deadline(draining_ ? settings_->drain_linger : settings_->idle_timeout);
  advance(); // the next request may already be in the buffer
}

void connection::wipe_output() {
  if (sensitive_) {
    core::wipe(output_);
    core::wipe(output_body_);
    sensitive_ = false;
  }
  output_body_ = {}; // releases the memory of a large body
}

// --- Closing ---------------------------------------------------------------------------------------------------------

// Closing with unread input would reset the connection, and the peer might lose the response (RFC 9112 section 9.6):
// shut down the sending side, discard what the peer still sends, then close.
void connection::linger() {
  error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  if (ec) { // the peer has disconnected
    close();
    return;
  }
  phase_ = phase::lingering;
  awaits_memory_ = false;
  set_deadline(settings_->linger_timeout);
  if (!reading_)
    read();
}

void connection::close() {
  if (phase_ == phase::closed)
    return;
  error_code ignored; // close() releases the descriptor even when it reports an error
  if (phase_ == phase::streaming && streams_.begun)
    count(streams_.status, streams_.route, std::chrono::steady_clock::now());
  const bool unframed = streams_.begun && streams_.framing == body_framing::until_close;
  if (phase_ == phase::streaming && unframed) // reset: an orderly close would look like a complete response
    socket_.set_option(net::socket_base::linger{true, 0}, ignored);
  drop_streams();
  phase_ = phase::closed;
  awaits_memory_ = false;
  memory_.shrink_to(0);
  timer_.cancel();
  socket_.close(ignored);
  // Posted, because close() may be running inside one of the callbacks.
  net::post(socket_.get_executor(), guarded([](connection& self) {
              const auto callbacks = std::exchange(self.callbacks_, {});
              self.lease_.reset();
              if (callbacks.on_closed)
                callbacks.on_closed();
            }));
}

// --- Time ------------------------------------------------------------------------------------------------------------

// Records the deadline and re-arms the timer only if it would fire too late. A busy connection, whose deadline is
// extended all the time, therefore causes no timer operations.
void connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
  if (deadline_ < armed_)
    arm();
}

void connection::arm() {
  armed_ = deadline_;
  timer_.expires_at(armed_);
  timer_.async_wait(guarded(&connection::on_timer));
}

void connection::on_timer(error_code ec) {
  if (ec || phase_ == phase::closed)
    return;
  if (std::chrono::steady_clock::now() < deadline_) {
    arm();
    return;
  }
  armed_ = core::steady_time::max();
  switch (phase_) {
  case phase::idle:
    linger();
    return;
  case phase::head:
    on_slow_request(settings_->header_timeout, "The header took too long");
    return;
  case phase::body:
    on_slow_request(settings_->body_timeout, "The body took too long");
    return;
  case phase::processing:
    respond_overdue();
    return;
  case phase::streaming:
    on_stream_timeout();
    return;
  case phase::writing:
  case phase::lingering:
    close();
    return;
  case phase::closed:
    return;
  }
}

// While memory is short, a request that does not go on gives its memory to others.
void connection::on_slow_request(std::chrono::milliseconds limit, std::string_view reason) {
  const auto end = slow_since_ + limit;
  const auto now = std::chrono::steady_clock::now();
  const bool stalls = !progressed_ && !awaits_memory_ && !continuing_ && memory_is_short();
  if (now >= end && continuing_) {
    close();
    return;
  }
  if (now >= end || stalls) {
    refuse(408, reason);
    return;
  }
  progressed_ = false;
  set_deadline(std::min(settings_->memory.stall, std::chrono::duration_cast<std::chrono::milliseconds>(end - now)
                                                   + std::chrono::milliseconds{1}));
}

void connection::respond_overdue() {
  const auto open = open_.lock();
  if (open && open->respond(problem(open->request(), 503))) {
    report(503, "The request was not answered in time");
    return;
  }
  close();
}

} // namespace cm::http
