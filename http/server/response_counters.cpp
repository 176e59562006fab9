#include "http/server/response_counters.hpp"

#include <algorithm>

namespace cm::http {

void response_counters::answered(std::size_t route, int status, std::chrono::nanoseconds took,
                                 core::steady_time now) noexcept {
  const auto index = core::status_index(status);
  by_status_[index].observe(took, 1);
  auto& own = routes_[index_of(route)];
  own.counts[index].add(1);
  own.last_at_ns.set(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  own.last_took_ns.set(static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count())));
}

} // namespace cm::http
