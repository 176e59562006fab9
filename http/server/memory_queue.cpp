#include "http/server/memory_queue.hpp"

#include <utility>

namespace cm::http {

namespace {

// Memory is returned by other threads too, so the queue looks at the budget again and again while it is not empty.
constexpr std::chrono::milliseconds period{20};

} // namespace

net::execution_context::id memory_queue::id;

memory_queue::memory_queue(net::io_context& owner) : net::execution_context::service(owner), timer_(owner) {}

void memory_queue::shutdown() noexcept {
  entering_.clear();
  begun_.clear();
}

void memory_queue::wait(line in, core::steady_time deadline, attempt go_on) {
  (in == line::entering ? entering_ : begun_).push_back({deadline, std::move(go_on)});
  if (!armed_)
    arm();
}

void memory_queue::arm() {
  armed_ = true;
  timer_.expires_after(period);
  timer_.async_wait([this](boost::system::error_code ec) {
    armed_ = false;
    if (!ec)
      serve();
  });
}

void memory_queue::serve() {
  const auto now = std::chrono::steady_clock::now();
  serve(begun_, now);
  serve(entering_, now);
  if (!armed_ && (!begun_.empty() || !entering_.empty()))
    arm();
}

void memory_queue::serve(std::deque<waiter>& waiting, core::steady_time now) {
  while (!waiting.empty()) {
    // Moved out, because what goes on may come to wait again.
    auto first = std::move(waiting.front());
    waiting.pop_front();
    if (first.go_on(now >= first.deadline))
      continue;
    waiting.push_front(std::move(first));
    return;
  }
}

} // namespace cm::http
