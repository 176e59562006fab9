#include "actors/app/connection_shares.hpp"

#include <algorithm>
#include <limits>
#include <sys/resource.h>

namespace cm::actors {

namespace {

constexpr std::size_t max_connections = 10'000;
constexpr std::size_t min_connections = 16;

// NATS, the log, secrets and certificates that are read again, the HTTP client, and connections that are being closed.
constexpr std::size_t other_descriptors = 96;

// An event loop has an epoll instance, a timer and an event descriptor.
constexpr std::size_t descriptors_per_loop = 3;

// What an idle connection may cost in memory, compared to the bytes of the buffers.
constexpr std::size_t bytes_per_connection = std::size_t{8} * 1024;

http::connection_limits limits_of(std::size_t total) noexcept {
  return {total, std::max<std::size_t>(1, total / 2)};
}

} // namespace

std::size_t raise_descriptor_limit() noexcept {
  constexpr std::size_t usual = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return usual;
  const auto before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    limit.rlim_cur = before;
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max()
                                         : static_cast<std::size_t>(limit.rlim_cur);
}

connection_shares share_connections(const shared_resources& of) noexcept {
  const auto management = std::clamp<std::size_t>(of.descriptors / 8, min_connections, 256);
  const auto agent = std::clamp<std::size_t>(of.descriptors / 16, min_connections, 64);
  // A connection to the database that is replaced exists twice for a moment.
  const auto reserved = management + agent + 2 * of.database_pool + descriptors_per_loop * of.loops + other_descriptors;
  const auto left = of.descriptors > reserved ? of.descriptors - reserved : 0;
  const auto fit = std::max(min_connections, of.buffer_bytes / bytes_per_connection);
  const auto api = std::clamp(std::min(left, fit), min_connections, max_connections);
  return {limits_of(api), limits_of(management), limits_of(agent)};
}

} // namespace cm::actors
