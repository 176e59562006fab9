#include "storage/sql/failover.hpp"

#include <algorithm>
#include <string>
#include <utility>

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

// Whether no other host needs to be asked.
bool is_final(const failure& problem) noexcept {
  return problem.kind != error_class::broken && problem.kind != error_class::read_only
         && !host_specific(problem.number);
}

} // namespace

outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                    connection_timeouts timeouts, host_choice& hosts, std::size_t& host,
                                                    core::steady_time deadline, const prepare_connection& prepare) {
  std::string reasons;
  const auto clock_now = [] { return std::chrono::steady_clock::now(); };
  const auto count = settings.hosts.size();
  for (const auto candidate : hosts.order(count, clock_now())) {
    const auto now = clock_now();
    if (now >= deadline) {
      reasons += reasons.empty() ? "no time left to connect" : "; no time left for the other hosts";
      break;
    }
    auto limits = within(timeouts, now, deadline);
    limits.silence = hosts.patience(candidate, count, limits.connect);
    auto opened = connection::open(settings, settings.hosts[candidate], limits);
    outcome<void> ready = opened ? outcome<void>{} : outcome<void>{opened.error()};
    bool prepared = false;
    if (opened && prepare) {
      prepared = true;
      (*opened)->limit_silence(count > 1 ? limits.silence : milliseconds{0});
      ready = prepare(**opened, candidate);
      (*opened)->limit_silence(milliseconds{0});
    }
    if (ready) {
      host = candidate;
      return opened;
    }
    if (prepared && is_final(ready.error())) {
      host = candidate;
      return ready.error();
    }
    const bool silent = clock_now() - now >= limits.silence && limits.silence.count() != 0;
    hosts.failed(candidate, clock_now(), silent);
    if (!reasons.empty())
      reasons += "; ";
    reasons += ready.error().error.detail;
  }
  if (reasons.empty())
    reasons = "no database host is configured";
  return failure{error_class::broken, unavailable_error(std::move(reasons)), 0};
}

outcome<std::unique_ptr<connection>> connect_to_any(const core::database_settings& settings,
                                                    connection_timeouts timeouts) {
  host_choice hosts;
  std::size_t host = 0;
  return connect_to_any(settings, timeouts, hosts, host, core::steady_time::max());
}

} // namespace cm::storage
