#include "actors/events/revocation_tail.hpp"

#include <algorithm>
#include <iterator>

namespace cm::actors {

void revocation_tail::start(std::uint64_t highest) {
  started_ = true;
  settled_ = highest;
  known_.clear();
}

std::vector<std::uint64_t> revocation_tail::unknown(std::span<const std::uint64_t> found) const {
  std::vector<std::uint64_t> numbers;
  std::copy_if(found.begin(), found.end(), std::back_inserter(numbers),
               [&](std::uint64_t number) { return number > settled_ && known_.count(number) == 0; });
  return numbers;
}

bool revocation_tail::take(std::span<const std::uint64_t> numbers, core::steady_time now) {
  for (const auto number : numbers) {
    if (number > settled_)
      known_.emplace(number, now);
  }
  settle(now);
  if (known_.size() <= max_known_)
    return true;
  settled_ = known_.rbegin()->first;
  known_.clear();
  return false;
}

void revocation_tail::settle(core::steady_time now) {
  for (auto first = known_.begin(); first != known_.end(); first = known_.erase(first)) {
    const bool next = first->first == settled_ + 1;
    // A number that is missing below this row was assigned before this row was read, at the latest: its transaction is
    // at least as old as the reading.
    if (!next && now - first->second < patience_)
      return;
    settled_ = first->first;
  }
}

} // namespace cm::actors
