// The memory of a connection: its share of the budget, and the wait for it.
#include "core/base/secret.hpp"
#include "http/server/connection.hpp"
#include "http/server/problem.hpp"

#include <algorithm>

namespace cm::http {

namespace {

// What a streamed exchange may hold in its connection: a read buffer, decoded bytes, and an output buffer.
constexpr std::size_t stream_bytes = std::size_t{64} * 1024;

} // namespace

// Whether the connection may hold so many bytes. A new request gets memory only up to half of the budget: the other
// half is for those that have begun, which otherwise could all wait for each other.
bool connection::hold(std::size_t bytes) {
  const auto& budget = settings_->memory.budget;
  if (!budget || bytes <= memory_.bytes())
    return true;
  const bool enters = memory_.bytes() == 0;
  if (enters && budget->held() + bytes > budget->limit() / 2)
    return false;
  return memory_.grow_to(bytes);
}

// Goes on with `next` as soon as the connection may hold so many bytes. A request that waits for too long is refused.
void connection::with_memory(std::size_t bytes, void (connection::*next)()) {
  const auto in = memory_.bytes() == 0 ? memory_queue::line::entering : memory_queue::line::begun;
  if (bytes <= memory_.bytes() || (queue_.empty(in) && hold(bytes))) {
    (this->*next)();
    return;
  }
  awaits_memory_ = true;
  if (lease_)
    lease_->works(); // it gets an answer
  const auto patience = settings_->memory.patience;
  set_deadline(2 * patience); // in case that the loop is late
  queue_.wait(in, std::chrono::steady_clock::now() + patience, [weak = weak_from_this(), bytes, next](bool overdue) {
    const auto self = weak.lock();
    return !self || self->go_on(bytes, next, overdue);
  });
}

bool connection::go_on(std::size_t bytes, void (connection::*next)(), bool overdue) {
  if (!awaits_memory_) // closed or refused meanwhile
    return true;
  const bool granted = hold(bytes);
  if (!granted && !overdue)
    return false;
  awaits_memory_ = false;
  try {
    if (granted) {
      (this->*next)();
    } else {
      settings_->memory.refused->add(1);
      refuse(503, "The server has no memory for the request at present");
    }
  } catch (const std::exception& e) {
    report(500, e.what());
    close();
  }
  return true;
}

// An idle connection has no buffers.
void connection::release_memory() {
  input_.shrink_to_fit();
  output_ = {};
  memory_.shrink_to(0);
}

// After a request was handed out. Its own bytes count until it is answered.
void connection::release_input() {
  if (input_.size() == 0)
    input_.shrink_to_fit();
}

// The response takes the place of the request. A large one that does not fit is replaced by a refusal.
void connection::hold_response(response& answer) {
  memory_.shrink_to(std::max<std::size_t>(input_.capacity(), 1));
  const bool small = answer.body.size() <= copied_body_size || !sends_body(answer, head_request_);
  if (small || hold(memory_.bytes() + answer.body.size()))
    return;
  settings_->memory.refused->add(1);
  report(503, "The server has no memory for the response at present");
  const auto route = answer.route;
  core::wipe(answer.body);
  answer = problem(problem_context{{}, correlation_id_}, 503, "The server has no memory for the response at present");
  answer.route = route;
  answer.close = true;
}

bool connection::memory_is_short() const noexcept {
  const auto& budget = settings_->memory.budget;
  return budget && budget->held() >= budget->limit() / 8 * 3;
}

// Bytes to hold before the next read of a header: what the parser has made of it so far, what the buffer holds, and
// what the read will add to both.
std::size_t connection::header_bytes(std::size_t next_read) {
  return parser_.head().memory_bytes() + input_.size() + 3 * next_read;
}

// The header is complete.
void connection::hold_body(const body_policy& policy) {
  if (policy.stream) {
    with_memory(memory_.bytes() + stream_bytes, &connection::begin_stream);
    return;
  }
  const auto body = parser_.max_body();
  const auto buffer = std::min(body, body_read_size);
  with_memory(std::max(memory_.bytes(), parser_.head().memory_bytes() + input_.size()) + body + buffer,
              &connection::begin_body);
}

} // namespace cm::http
