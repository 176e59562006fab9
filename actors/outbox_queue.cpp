#include "actors/outbox_queue.hpp"

#include <algorithm>

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
  // Leases are all of one length, so the front ends first.
  while (!waiting_.empty() && waiting_.front().until <= now) {
    known_.erase(waiting_.front().event.sequence);
    waiting_.pop_front();
  }
}

std::vector<core::revocation> outbox_queue::next(std::size_t most) const {
  std::vector<core::revocation> out;
  const auto count = std::min(most, waiting_.size());
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(waiting_[i].event);
  return out;
}

void outbox_queue::done(const std::vector<core::revocation>& events) {
  for (const auto& event : events)
    known_.erase(event.sequence);
  std::erase_if(waiting_, [&](const entry& one) { return known_.count(one.event.sequence) == 0; });
}

} // namespace cm::actors
