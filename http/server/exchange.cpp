#include "http/server/exchange.hpp"

#include "core/base/secret.hpp"
#include "http/server/problem.hpp"

#include <exception>
#include <utility>

namespace cm::http {

exchange::exchange(http::request received, responder deliver, core::steady_time arrived_at, stream_end streams)
  : request_(std::move(received)), deliver_(std::move(deliver)), arrived_at_(arrived_at), streams_(std::move(streams)) {
}

exchange::~exchange() {
  try {
    if (!answered())
      respond(problem(request_, 503));
    else if (const auto port = streams_.port.lock(); port && leave(state::begun, state::ended))
      port->cut_answer(streams_.sequence);
  } catch (const std::exception&) {
    // Out of memory: the connection's response timeout ends the exchange instead.
    state_.store(state::answered, std::memory_order_release);
  }
}

bool exchange::respond(response answer) {
  if (!leave(state::open, state::answered))
    return false;
  answer.route = route_;
  deliver_(std::move(answer));
  return true;
}

void exchange::read_body(std::size_t at_most, piece_handler handler) {
  if (const auto port = streams_.port.lock())
    port->read_body(streams_.sequence, at_most, std::move(handler));
  else
    handler(body_piece{{}, false, true});
}

bool exchange::begin(response head) {
  if (!leave(state::open, state::begun))
    return false;
  head.route = route_;
  if (const auto port = streams_.port.lock())
    port->begin_answer(streams_.sequence, std::move(head));
  return true;
}

void exchange::write(std::string bytes, written_handler done) {
  if (const auto port = streams_.port.lock()) {
    port->write_answer(streams_.sequence, std::move(bytes), std::move(done));
    return;
  }
  core::wipe(bytes);
  if (done)
    done(false);
}

void exchange::end() {
  if (!leave(state::begun, state::ended))
    return;
  if (const auto port = streams_.port.lock())
    port->end_answer(streams_.sequence);
}

} // namespace cm::http
