#include "core/observability/metrics.hpp"

#include <algorithm>

namespace cm::core {

std::string_view to_string(ecap_protocol protocol) noexcept {
  switch (protocol) {
  case ecap_protocol::ep_token:
    return "ep-token";
  case ecap_protocol::ep_token_status:
    return "ep-token-status";
  case ecap_protocol::client_password:
    return "client-password";
  case ecap_protocol::client_certificate:
    break;
  }
  return "client-certificate";
}

std::string_view to_string(removal_loss why) noexcept {
  switch (why) {
  case removal_loss::overflow:
    return "overflow";
  case removal_loss::unread:
    return "unread";
  case removal_loss::failure:
    return "failure";
  case removal_loss::stop:
    break;
  }
  return "stop";
}

std::size_t status_place(int status) noexcept {
  const auto found = std::find(counted_statuses.begin(), counted_statuses.end() - 1, status);
  return static_cast<std::size_t>(found - counted_statuses.begin());
}

void http_counters::answered(std::size_t route, int status, std::chrono::nanoseconds took, steady_time now) noexcept {
  const auto status_index = status_place(status);
  by_status_[status_index].observe(took, 1);
  auto& own = routes_[index_of(route)];
  own.counts[status_index].add(1);
  own.last_at_ns.set(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  own.last_took_ns.set(static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count())));
}

std::uint64_t metrics::all_lost_removals() const noexcept {
  std::uint64_t out = 0;
  for (const auto& lost : lost_removals)
    out += lost.value();
  return out;
}

metrics::metrics(const sizes& of) : database_pool_(of.database_pool) {
  for (std::size_t i = 0; i < of.validators; ++i)
    validators_.push_back(std::make_unique<validator_counters>());
  for (std::size_t i = 0; i < of.api_loops; ++i)
    api_loops_.push_back(std::make_unique<http_counters>(of.api_routes));
}

} // namespace cm::core
