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
  // Leases are all of one length, so the front ends first.
  while (!waiting_.empty() && waiting_.front().until <= now) {
    known_.erase(waiting_.front().event.sequence);
    if (waiting_.front().under_way)
      --under_way_;
    waiting_.pop_front();
  }
}

std::vector<core::revocation> outbox_queue::take(std::size_t most) {
  std::vector<core::revocation> out;
  if (!waits())
    return out;
  for (auto& one : waiting_) {
    if (out.size() >= most)
      break;
    if (std::exchange(one.under_way, true))
      continue;
    ++under_way_;
    out.push_back(one.event);
  }
  return out;
}

void outbox_queue::again(const std::vector<core::revocation>& events) {
  std::unordered_set<std::uint64_t> which;
  for (const auto& event : events)
    which.insert(event.sequence);
  for (auto& one : waiting_) {
    if (which.count(one.event.sequence) != 0 && std::exchange(one.under_way, false))
      --under_way_;
  }
}

void outbox_queue::again() {
  for (auto& one : waiting_)
    one.under_way = false;
  under_way_ = 0;
}

void outbox_queue::done(const std::vector<core::revocation>& events) {
  for (const auto& event : events)
    known_.erase(event.sequence);
  std::erase_if(waiting_, [&](const entry& one) {
    const bool gone = known_.count(one.event.sequence) == 0;
    if (gone && one.under_way)
      --under_way_;
    return gone;
  });
}

} // namespace cm::actors
