#include "actors/nats/revocation_feed.hpp"

namespace cm::actors {

void revocation_feed::lose() noexcept {
  auto before = epoch_.load(std::memory_order_relaxed);
  while (!epoch_.compare_exchange_weak(before, before + (before % 2 == 0 ? 2 : 1), std::memory_order_acq_rel))
    ;
}

bool revocation_feed::begin(std::uint64_t mark, const void* connection, std::uint64_t continuity) noexcept {
  if (mark % 2 != 0)
    return false;
  connection_.store(connection, std::memory_order_relaxed);
  continuity_.store(continuity, std::memory_order_relaxed);
  return epoch_.compare_exchange_strong(mark, mark + 1, std::memory_order_acq_rel);
}

gap_free_interval revocation_feed::now(const void* connection, std::uint64_t continuity) const noexcept {
  const auto epoch = mark();
  const bool all = epoch % 2 != 0 && connection_.load(std::memory_order_relaxed) == connection
                   && continuity_.load(std::memory_order_relaxed) == continuity;
  // The members belong to that epoch only where it is still the same.
  return all && mark() == epoch ? gap_free_interval{epoch} : gap_free_interval{};
}

void feed_watch::look(const void* connection, std::uint64_t continuity, bool confirmed,
                      core::steady_time now) noexcept {
  if (!feed_->lost()) {
    if (feed_->now(connection, continuity).epoch == 0)
      stop();
    return;
  }
  if (!confirmed) {
    attempt_.reset();
    return;
  }
  const auto mark = feed_->mark();
  const bool same =
    attempt_ && attempt_->mark == mark && attempt_->connection == connection && attempt_->continuity == continuity;
  if (!same)
    attempt_ = attempt{now, mark, connection, continuity};
  else if (continuity % 2 == 0 && now - attempt_->since >= settling_)
    static_cast<void>(feed_->begin(mark, connection, continuity));
}

void feed_watch::stop() noexcept {
  feed_->lose();
  attempt_.reset();
}

} // namespace cm::actors
