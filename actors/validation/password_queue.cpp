#include "actors/validation/password_queue.hpp"

#include <algorithm>

namespace cm::actors {

bool password_queue::add(std::uint64_t job, password_class of, core::steady_time now, core::steady_time deadline) {
  entry added;
  added.of = of;
  added.arrived = now;
  added.deadline = deadline;
  if (of == password_class::returning) {
    if (returning_.size() >= limits_.returning)
      return false;
    returning_.push_back(job);
  } else if (of == password_class::created) {
    if (created_.size() >= limits_.created)
      return false;
    created_.push_back(job);
  } else if (turns_.size() < limits_.unnamed) {
    // Where nobody waits, a named job need not be preferred.
    if (of == password_class::named && !turns_.empty() && named_.size() < limits_.named) {
      named_.push_back(job);
      added.has_turn = true;
    }
    turns_.push_back(job);
  } else {
    if (due_.size() >= limits_.withheld)
      return false;
    added.no_room = true;
    if (of == password_class::named && named_.size() < limits_.named)
      named_.push_back(job);
    else
      tell_at(job, now + limits_.withheld_for, true);
  }
  entries_.emplace(job, added);
  return true;
}

std::optional<std::uint64_t> password_queue::next(core::steady_time now) {
  const auto start_created = [&] {
    logins_since_created_ = 0;
    return start_first(created_, now);
  };
  if (logins_since_created_ >= logins_before_created) {
    if (const auto job = start_created())
      return job;
  }
  for (auto* const queue : {&returning_, &named_}) {
    if (const auto job = start_first(*queue, now)) {
      ++logins_since_created_;
      return job;
    }
  }
  if (const auto job = start_created())
    return job;
  return next_turn(now);
}

std::optional<std::uint64_t> password_queue::start_first(std::deque<std::uint64_t>& queue, core::steady_time now) {
  while (!queue.empty()) {
    const auto job = queue.front();
    queue.pop_front();
    const auto found = entries_.find(job);
    if (found == entries_.end())
      continue;
    found->second.now = state::started;
    found->second.started = now;
    return job;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> password_queue::next_turn(core::steady_time now) {
  while (!turns_.empty()) {
    const auto job = turns_.front();
    turns_.pop_front();
    const auto found = entries_.find(job);
    if (found == entries_.end())
      continue;
    auto& e = found->second;
    e.turn_came = true;
    if (e.now == state::waiting) {
      e.now = state::started;
      e.started = now;
      return job;
    }
    // An unknown username would be checked from now on. The check of this one, ahead of the others, has already delayed
    // its turn by its share of the workers.
    if (e.now == state::withheld) {
      const auto workers = static_cast<std::int64_t>(std::max<std::size_t>(limits_.workers, 1));
      tell_at(job, now + std::chrono::duration_cast<core::steady_time::duration>(check_time_ * (workers - 1) / workers),
              false);
    }
  }
  return std::nullopt;
}

password_queue::release password_queue::finished(std::uint64_t job, bool wrong, core::steady_time now) {
  const auto found = entries_.find(job);
  if (found == entries_.end())
    return release::now;
  auto& e = found->second;
  const auto took = now - e.started;
  check_time_ = check_time_.count() == 0 ? took : (check_time_ * 7 + took) / 8;
  if (wrong && e.no_room) {
    e.now = state::withheld;
    tell_at(job, e.arrived + limits_.withheld_for, true);
    return release::later;
  }
  if (wrong && e.has_turn && !e.turn_came) {
    e.now = state::withheld;
    return release::later;
  }
  entries_.erase(found);
  return release::now;
}

std::vector<password_queue::due_job> password_queue::take_due(core::steady_time now) {
  std::vector<due_job> result;
  while (!due_.empty() && due_.begin()->first <= now) {
    if (entries_.erase(due_.begin()->second.job) != 0)
      result.push_back(due_.begin()->second);
    due_.erase(due_.begin());
  }
  return result;
}

std::vector<password_queue::due_job> password_queue::take_expired(core::steady_time now) {
  std::vector<due_job> result;
  std::erase_if(entries_, [&](const auto& item) {
    const auto& [job, e] = item;
    if (e.now == state::started || e.deadline > now)
      return false;
    result.push_back({job, e.of == password_class::unnamed || e.now == state::withheld});
    return true;
  });
  return result;
}

std::optional<core::steady_time> password_queue::next_due() const {
  return due_.empty() ? std::nullopt : std::optional{due_.begin()->first};
}

std::size_t password_queue::waiting() const noexcept {
  return static_cast<std::size_t>(
    std::ranges::count_if(entries_, [](const auto& item) { return item.second.now == state::waiting; }));
}

} // namespace cm::actors
