#include "http/exchange.hpp"

#include "http/problem.hpp"

#include <exception>
#include <utility>

namespace cm::http {

exchange::exchange(http::request received, responder deliver, core::steady_time arrived_at)
  : request_(std::move(received)), deliver_(std::move(deliver)), arrived_at_(arrived_at) {}

exchange::~exchange() {
  try {
    if (!answered())
      respond(problem(request_, 503));
  } catch (const std::exception&) {
    // Out of memory while letting go: the connection's own time limit answers instead.
    answered_.store(true, std::memory_order_release);
  }
}

bool exchange::respond(response answer) {
  if (answered_.exchange(true, std::memory_order_acq_rel))
    return false;
  deliver_(std::move(answer));
  return true;
}

} // namespace cm::http
