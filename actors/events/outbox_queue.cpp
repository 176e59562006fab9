#include "actors/events/outbox_queue.hpp"

#include <utility>

namespace cm::actors {

std::size_t outbox_queue::add(const std::vector<core::revocation>& events, core::steady_time now) {
  std::size_t refused = 0;
  for (const auto& event : events) {
    if (known_.count(event.sequence) != 0)
      continue;
    if (waiting_.size() >= limit_) {
      ++refused;
      continue;
    }
    known_.insert(event.sequence);
    waiting_.push_back({event, now + lease_});
  }
  return refused;
}

void outbox_queue::expire(core::steady_time now) {
  // All leases have the same length, so they end in the order of the queue.
  while (!waiting_.empty() && waiting_.front().until <= now) {
    known_.erase(waiting_.front().event.sequence);
    if (waiting_.front().in_flight)
      --in_flight_;
    waiting_.pop_front();
  }
}

std::vector<core::revocation> outbox_queue::take(std::size_t max) {
  std::vector<core::revocation> out;
  if (!waits())
    return out;
  for (auto& item : waiting_) {
    if (out.size() >= max)
      break;
    if (std::exchange(item.in_flight, true))
      continue;
    ++in_flight_;
    out.push_back(item.event);
  }
  return out;
}

void outbox_queue::requeue(const std::vector<core::revocation>& events) {
  std::unordered_set<std::uint64_t> sequences;
  for (const auto& event : events)
    sequences.insert(event.sequence);
  for (auto& item : waiting_) {
    if (sequences.count(item.event.sequence) != 0 && std::exchange(item.in_flight, false))
      --in_flight_;
  }
}

void outbox_queue::requeue_all() {
  for (auto& item : waiting_)
    item.in_flight = false;
  in_flight_ = 0;
}

void outbox_queue::done(const std::vector<core::revocation>& events) {
  for (const auto& event : events)
    known_.erase(event.sequence);
  std::erase_if(waiting_, [&](const entry& item) {
    const bool confirmed = known_.count(item.event.sequence) == 0;
    if (confirmed && item.in_flight)
      --in_flight_;
    return confirmed;
  });
}

} // namespace cm::actors
