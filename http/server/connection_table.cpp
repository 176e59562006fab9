#include "http/server/connection_table.hpp"

#include <algorithm>
#include <string_view>

namespace cm::http {

namespace {

// So many candidates are found by one pass over all connections.
constexpr std::size_t candidates_per_look = 64;

// After a pass that has found none.
constexpr std::chrono::milliseconds look_pause{20};

// Evicted connections that are not closed yet, beyond which no further one is evicted. They still have descriptors.
constexpr std::size_t max_leaving = 64;

} // namespace

std::size_t connection_table::network_hash::operator()(const network& of) const noexcept {
  // The bytes are those of an address, which its owner can choose only within a network that he has.
  return std::hash<std::string_view>{}(
    std::string_view{reinterpret_cast<const char*>(of.data()), of.size()}); // NOLINT(*-reinterpret-cast): bytes
}

connection_table::network connection_table::network_of(const boost::asio::ip::address& address) {
  using boost::asio::ip::make_address_v6;
  using boost::asio::ip::v4_mapped;
  constexpr std::size_t interface_id = 8;
  if (address.is_v4())
    return make_address_v6(v4_mapped, address.to_v4()).to_bytes();
  auto bytes = address.to_v6().to_bytes();
  if (!address.to_v6().is_v4_mapped())
    std::fill(bytes.begin() + interface_id, bytes.end(), static_cast<unsigned char>(0));
  return bytes;
}

std::pair<connection_table::verdict, std::shared_ptr<connection_lease>>
connection_table::add(const boost::asio::ip::address& from, core::steady_time now) {
  const auto origin = network_of(from);
  const auto known = by_network_.find(origin);
  if (known != by_network_.end() && known->second >= limits_.per_address) {
    if (!evict_one_of(origin, now))
      return {verdict::address_at_limit, nullptr};
  } else if (open_.size() - leaving_ >= limits_.total && !evict_one(now)) {
    return {verdict::full, nullptr};
  }
  auto lease = std::make_shared<connection_lease>();
  lease->network_ = origin;
  open_.insert(lease);
  ++by_network_[origin];
  return {verdict::admitted, std::move(lease)};
}

void connection_table::remove(const lease_ptr& lease) {
  if (open_.erase(lease) == 0)
    return;
  if (lease->evicted_)
    --leaving_;
  else if (const auto own = by_network_.find(lease->network_); own != by_network_.end() && --own->second == 0)
    by_network_.erase(own);
}

bool connection_table::evict_one(core::steady_time now) {
  return evict(next_candidate(all_, nullptr, now));
}

bool connection_table::evict_one_of(const network& which, core::steady_time now) {
  if (network_ != which) {
    network_ = which;
    of_network_ = {};
  }
  return evict(next_candidate(of_network_, &network_, now));
}

// An evicted connection no longer counts for its address, as it does not for the total.
bool connection_table::evict(const lease_ptr& which) {
  if (!which)
    return false;
  which->evicted_ = true;
  ++leaving_;
  ++evictions_;
  if (const auto own = by_network_.find(which->network_); own != by_network_.end() && --own->second == 0)
    by_network_.erase(own);
  which->evict_();
  return true;
}

// A candidate that has done something since it was found has begun to wait later than all that were not chosen.
connection_table::lease_ptr connection_table::next_candidate(candidate_list& from, const network* only,
                                                             core::steady_time now) {
  if (leaving_ >= max_leaving)
    return nullptr;
  for (int pass = 0; pass < 2; ++pass) {
    while (!from.newest_first.empty()) {
      const auto last = std::move(from.newest_first.back());
      from.newest_first.pop_back();
      auto lease = last.lease.lock();
      if (lease && !lease->evicted_ && lease->waits_since_.load(std::memory_order_acquire) == last.since)
        return lease;
    }
    if (now < from.next_look)
      return nullptr;
    look_for_candidates(from, only);
  }
  from.next_look = now + look_pause;
  return nullptr;
}

void connection_table::look_for_candidates(candidate_list& into, const network* only) {
  std::vector<candidate> waiting;
  for (const auto& lease : open_) {
    const auto since = lease->waits_since_.load(std::memory_order_acquire);
    if (since != connection_lease::never && !lease->evicted_ && (only == nullptr || lease->network_ == *only))
      waiting.push_back({lease, since});
  }
  const auto longer = [](const candidate& a, const candidate& b) { return a.since < b.since; };
  const auto chosen = std::min(waiting.size(), candidates_per_look);
  std::partial_sort(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(chosen), waiting.end(), longer);
  waiting.resize(chosen);
  std::reverse(waiting.begin(), waiting.end());
  into.newest_first = std::move(waiting);
}

} // namespace cm::http
