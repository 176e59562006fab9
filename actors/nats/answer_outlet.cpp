#include "actors/nats/answer_outlet.hpp"

#include "core/observability/logging.hpp"

#include <chrono>

namespace cm::actors {

namespace {

class turn_guard {
public:
  explicit turn_guard(flush_turn& turn) noexcept : turn_(turn) {}

  ~turn_guard() { turn_.give_back(); }

  turn_guard(const turn_guard&) = delete;
  turn_guard& operator=(const turn_guard&) = delete;

private:
  flush_turn& turn_;
};

// By the one whose turn it is: flushes, and notes how long that took.
template <class Flush>
void flush_timed(flush_turn& turn, Flush flush) noexcept {
  const auto began = std::chrono::steady_clock::now();
  flush();
  turn.flushed(std::chrono::steady_clock::now() - began);
}

} // namespace

bool answer_outlet::send_now(reply_batch& replies) {
  // Others are worth the hop: while they are flushed, the next batch is made.
  if (!lone_.is_alone(replies.size()))
    return false;
  if (!turn_.try_take()) {
    lone_.met_others();
    return false;
  }
  const turn_guard turn(turn_);
  publish_in_turn(replies);
  flush_in_turn(replies);
  return true;
}

void answer_outlet::publish(reply_batch& replies) {
  turn_.take();
  const turn_guard turn(turn_);
  publish_in_turn(replies);
}

void answer_outlet::flush(reply_batch& replies) {
  turn_.take();
  const turn_guard turn(turn_);
  flush_in_turn(replies);
}

void answer_outlet::flush_in_passing(messaging::connection& connection) noexcept {
  if (!turn_.try_take())
    return;
  const turn_guard turn(turn_);
  flush_timed(turn_, [&connection] { static_cast<void>(connection.flush_buffer()); });
}

void answer_outlet::publish_in_turn(reply_batch& replies) {
  const auto lost = replies.publish();
  replies.count(metrics_->egress.answered, std::chrono::steady_clock::now());
  if (lost == 0)
    return;
  lost_ += lost;
  metrics_->egress.lost.add(lost);
  core::logger("cm.nats")->warn("{} answers could not be published ({} so far)", lost, lost_);
}

void answer_outlet::flush_in_turn(reply_batch& replies) noexcept {
  flush_timed(turn_, [&replies] { replies.flush(); });
}

} // namespace cm::actors
