#include "events.hpp"

namespace cm::test {

void events::change(const std::function<void(seen&)>& how) {
  {
    const std::lock_guard lock(mutex_);
    how(seen_);
  }
  changed_.notify_all();
}

bool events::wait(const std::function<bool(const seen&)>& condition, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return condition(seen_); });
}

seen events::now() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

messaging::connection_handlers events::handlers() {
  messaging::connection_handlers out;
  out.connected = [me = shared_from_this()] { me->change([](seen& s) { ++s.connected; }); };
  out.disconnected = [me = shared_from_this()] { me->change([](seen& s) { ++s.disconnected; }); };
  out.reconnected = [me = shared_from_this()] { me->change([](seen& s) { ++s.reconnected; }); };
  out.closed = [me = shared_from_this()](const core::error& why) {
    me->change([&](seen& s) {
      ++s.closed;
      s.why_closed = why;
    });
  };
  out.async_error = [me = shared_from_this()](std::string_view text) {
    me->change([&](seen& s) { s.errors.emplace_back(text); });
  };
  out.slow_consumer = [me = shared_from_this()](std::string_view subject, std::uint64_t dropped) {
    me->change([&](seen& s) {
      ++s.slow;
      s.slow_subject = subject;
      s.slow_dropped = dropped;
    });
  };
  return out;
}

messaging::batch_sink events::sink() {
  return [me = shared_from_this()](messaging::message_batch batch) {
    me->change([&](seen& s) {
      s.batches.push_back(batch.size());
      for (const auto& message : batch)
        s.payloads.emplace_back(message.payload());
    });
  };
}

std::function<void()> events::completion() {
  return [me = shared_from_this()] { me->change([](seen& s) { ++s.completed; }); };
}

} // namespace cm::test
