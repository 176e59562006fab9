#include "actors/runtime/bounded_request.hpp"

namespace cm::actors {

void request_deadlines::answered(caf::message_id id) noexcept {
  const auto at = std::lower_bound(waiting_.begin(), waiting_.end(), id.integer_value(),
                                   [](const entry& one, auto value) { return one.id.integer_value() < value; });
  if (at != waiting_.end() && at->id == id)
    waiting_.erase(at);
}

std::vector<caf::message_id> request_deadlines::take_expired(core::steady_time now) {
  std::vector<caf::message_id> over;
  const auto first =
    std::stable_partition(waiting_.begin(), waiting_.end(), [now](const entry& one) { return one.until > now; });
  for (auto at = first; at != waiting_.end(); ++at)
    over.push_back(at->id);
  waiting_.erase(first, waiting_.end());
  return over;
}

std::optional<core::steady_time> request_deadlines::next_timer(core::steady_time now) {
  if (waiting_.empty())
    return std::nullopt;
  // One that is set will do unless a later request has to end long before.
  if (timer_ && *timer_ <= waiting_.back().until + resolution)
    return std::nullopt;
  const auto earliest = std::min_element(waiting_.begin(), waiting_.end(),
                                         [](const entry& one, const entry& other) { return one.until < other.until; });
  timer_ = std::max<core::steady_time>(earliest->until, now + resolution);
  return timer_;
}

void request_deadlines::timer_over(core::steady_time at) noexcept {
  if (timer_ == at)
    timer_.reset();
}

} // namespace cm::actors
