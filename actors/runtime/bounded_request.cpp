#include "actors/runtime/bounded_request.hpp"

namespace cm::actors {

void request_deadlines::answered(caf::message_id id) noexcept {
  const auto found = std::lower_bound(waiting_.begin(), waiting_.end(), id.integer_value(),
                                      [](const entry& e, auto value) { return e.id.integer_value() < value; });
  if (found != waiting_.end() && found->id == id)
    waiting_.erase(found);
}

std::vector<caf::message_id> request_deadlines::take_expired(core::steady_time now) {
  std::vector<caf::message_id> expired;
  const auto first =
    std::stable_partition(waiting_.begin(), waiting_.end(), [now](const entry& e) { return e.until > now; });
  for (auto e = first; e != waiting_.end(); ++e)
    expired.push_back(e->id);
  waiting_.erase(first, waiting_.end());
  return expired;
}

std::optional<core::steady_time> request_deadlines::next_timer(core::steady_time now) {
  if (waiting_.empty())
    return std::nullopt;
  // A timer that is set is sufficient, unless the newest request expires well before it.
  if (timer_ && *timer_ <= waiting_.back().until + resolution)
    return std::nullopt;
  const auto earliest = std::min_element(waiting_.begin(), waiting_.end(),
                                         [](const entry& a, const entry& b) { return a.until < b.until; });
  timer_ = std::max<core::steady_time>(earliest->until, now + resolution);
  return timer_;
}

void request_deadlines::timer_over(core::steady_time at) noexcept {
  if (timer_ == at)
    timer_.reset();
}

} // namespace cm::actors
