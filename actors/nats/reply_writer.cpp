#include "actors/nats/reply_writer.hpp"

#include "core/observability/logging.hpp"

#include <chrono>
#include <mutex>

namespace cm::actors {

namespace {

// Flushes and records how long it took. The caller holds the lock.
template <class Flush>
void flush_timed(flush_lock& lock, Flush flush) noexcept {
  const auto began = std::chrono::steady_clock::now();
  flush();
  lock.flushed(std::chrono::steady_clock::now() - began);
}

} // namespace

bool reply_writer::send_now(reply_batch& replies) {
  // With concurrent traffic the egress is faster: the next batch is made while this one is flushed.
  if (replies.self_test() || !solo_.is_solo(replies.size()))
    return false;
  const std::unique_lock lock(lock_, std::try_to_lock);
  if (!lock.owns_lock()) {
    solo_.saw_others();
    return false;
  }
  publish_locked(replies);
  flush_locked(replies);
  return true;
}

void reply_writer::publish(reply_batch& replies) {
  const std::lock_guard lock(lock_);
  publish_locked(replies);
}

void reply_writer::flush(reply_batch& replies) {
  const std::lock_guard lock(lock_);
  flush_locked(replies);
}

void reply_writer::try_flush(messaging::connection& connection) noexcept {
  const std::unique_lock lock(lock_, std::try_to_lock);
  if (lock.owns_lock())
    flush_timed(lock_, [&connection] { static_cast<void>(connection.flush_buffer()); });
}

void reply_writer::publish_locked(reply_batch& replies) {
  const auto lost = replies.publish();
  replies.count(metrics_->egress.answered, std::chrono::steady_clock::now());
  if (lost == 0)
    return;
  lost_ += lost;
  metrics_->egress.lost.add(lost);
  core::logger("cm.nats")->warn("{} replies could not be published ({} so far)", lost, lost_);
}

void reply_writer::flush_locked(reply_batch& replies) noexcept {
  flush_timed(lock_, [&replies] { replies.flush(); });
}

} // namespace cm::actors
