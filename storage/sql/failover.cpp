#include "storage/sql/failover.hpp"

#include <algorithm>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

// Limits the connect time-out to the time left until the deadline.
connection_timeouts within(connection_timeouts timeouts, core::steady_time now, core::steady_time deadline) {
  if (deadline == core::steady_time::max())
    return timeouts;
  const auto left = std::max(std::chrono::ceil<milliseconds>(deadline - now), milliseconds{1});
  timeouts.connect = timeouts.connect.count() == 0 ? left : std::min(timeouts.connect, left);
  return timeouts;
}

} // namespace

outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                    connection_timeouts timeouts, std::size_t& host,
                                                    core::steady_time deadline) {
  std::string reasons;
  const auto count = settings.hosts.size();
  for (std::size_t attempt = 0; attempt < count; ++attempt) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      reasons += "; no time left for the other hosts";
      break;
    }
    host %= count;
    auto opened = connection::open(settings, settings.hosts[host], within(timeouts, now, deadline));
    if (opened)
      return opened;
    if (!reasons.empty())
      reasons += "; ";
    reasons += opened.error().error.detail;
    host = (host + 1) % count;
  }
  if (reasons.empty())
    reasons = "no database host is configured";
  return failure{error_class::broken, unavailable_error(std::move(reasons)), 0};
}

} // namespace cm::storage
