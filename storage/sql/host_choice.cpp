#include "storage/sql/host_choice.hpp"

#include <algorithm>
#include <utility>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t max_silences = 6; // 64 s, longer than any sensible connect time-out

} // namespace

void host_choice::move(std::size_t from, std::size_t to) noexcept {
  if (from != to && preferred_.compare_exchange_strong(from, to, std::memory_order_acq_rel))
    moves_.fetch_add(1, std::memory_order_acq_rel);
}

void host_choice::failed(std::size_t host, core::steady_time now, bool silent) noexcept {
  if (host >= max_hosts)
    return;
  auto& record = records_[host];
  if (silent && record.silences.load() < max_silences)
    record.silences.fetch_add(1);
  record.silent.store(silent);
  record.failed_at.store(std::max<std::int64_t>(1, now.time_since_epoch().count()));
}

void host_choice::served(std::size_t host) noexcept {
  if (host >= max_hosts)
    return;
  auto& record = records_[host];
  record.failed_at.store(0);
  record.silent.store(false);
  record.silences.store(0);
}

// When the host failed; 0: not within `memory`.
std::int64_t host_choice::failure_of(std::size_t host, core::steady_time now) const noexcept {
  if (host >= max_hosts)
    return 0;
  const auto at = records_[host].failed_at.load();
  const bool lately = at != 0 && now - core::steady_time{core::steady_time::duration{at}} < memory;
  return lately ? at : 0;
}

bool host_choice::failed_lately(std::size_t host, core::steady_time now) const noexcept {
  return failure_of(host, now) != 0;
}

bool host_choice::silent(std::size_t host, core::steady_time now) const noexcept {
  return failed_lately(host, now) && records_[host].silent.load();
}

bool host_choice::has_alternative(std::size_t host, std::size_t count, core::steady_time now) const noexcept {
  for (std::size_t other = 0; other < count; ++other) {
    if (other != host && !failed_lately(other, now))
      return true;
  }
  return false;
}

std::vector<std::size_t> host_choice::order(std::size_t count, core::steady_time now) const {
  std::vector<std::pair<std::int64_t, std::size_t>> hosts; // when each failed
  const auto first = preferred();
  for (std::size_t i = 0; i < count; ++i) {
    const auto host = (first + i) % count;
    hosts.emplace_back(failure_of(host, now), host);
  }
  std::stable_sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> order;
  order.reserve(count);
  for (const auto& [failed, host] : hosts)
    order.push_back(host);
  return order;
}

milliseconds host_choice::patience(std::size_t host, std::size_t count, milliseconds limit) const noexcept {
  if (count < 2 || host >= max_hosts)
    return limit;
  const milliseconds patience = first_patience * (1U << records_[host].silences.load());
  return limit.count() == 0 ? patience : std::min(patience, limit);
}

} // namespace cm::storage
