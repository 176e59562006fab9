// Counts the responses of one event loop by status and route.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/shared_families.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cm::http {

/// The responses of one event loop. Its thread writes them; any thread may read them.
class alignas(64) response_counters {
public:
  /// The route of a request that matches no route.
  static constexpr std::size_t no_route = std::numeric_limits<std::size_t>::max();

  explicit response_counters(std::size_t routes) : routes_(routes + 1) {}

  /// Counts a response. @param took from the end of the request's header to its response
  void answered(std::size_t route, int status, std::chrono::nanoseconds took, core::steady_time now) noexcept;

  /// Adds the number and durations of the responses with that status.
  /// @param status_index index in core::counted_statuses
  void add_to(std::size_t status_index, core::duration_counts& out) const noexcept {
    by_status_[status_index].add_to(out);
  }

  /// Number of responses of that route with that status.
  [[nodiscard]] std::uint64_t count(std::size_t route, std::size_t status_index) const noexcept {
    return of(route).counts[status_index].value();
  }

  struct last_response {
    std::uint64_t at_ns = 0; ///< by the steady clock; 0: no response yet
    std::uint64_t took_ns = 0;
  };

  [[nodiscard]] last_response last(std::size_t route) const noexcept {
    return {of(route).last_at_ns.value(), of(route).last_took_ns.value()};
  }

private:
  struct per_route {
    std::array<core::counter, core::counted_statuses.size()> counts;
    core::gauge last_at_ns;
    core::gauge last_took_ns;
  };

  [[nodiscard]] std::size_t index_of(std::size_t route) const noexcept {
    return route < routes_.size() - 1 ? route : routes_.size() - 1;
  }

  [[nodiscard]] const per_route& of(std::size_t route) const noexcept { return routes_[index_of(route)]; }

  std::array<core::duration_histogram<core::counter>, core::counted_statuses.size()> by_status_;
  std::vector<per_route> routes_; ///< the last element is for no_route
};

} // namespace cm::http
