#include "core/base/backoff.hpp"

#include <algorithm>

namespace cm::core {

backoff::backoff(backoff_settings settings, std::uint64_t seed)
  : settings_(settings), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

std::chrono::milliseconds backoff::next() {
  const unsigned doublings = std::min(attempts_, 30U);
  ++attempts_;
  const auto grown = std::min(settings_.cap.count(), settings_.first.count() << doublings);
  std::uniform_real_distribution<double> share(1.0 - settings_.jitter, 1.0);
  return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(grown) * share(random_))};
}

bool intensity_limit::exceeded_by_failure_at(steady_time now) {
  failures_.push_back(now);
  while (!failures_.empty() && now - failures_.front() > window_)
    failures_.pop_front();
  return failures_.size() > limit_;
}

} // namespace cm::core
