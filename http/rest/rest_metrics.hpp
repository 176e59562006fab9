// The metrics of the REST port: its responses by status, route and duration.
#pragma once

#include "core/observability/metric_registry.hpp"
#include "http/server/response_counters.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace cm::http {

class rest_metrics {
public:
  /// @param loops number of event loops that run the port's connections; each has its own counters
  explicit rest_metrics(std::size_t loops);

  /// The counters of one loop, with the values of api_route as routes.
  [[nodiscard]] const std::shared_ptr<response_counters>& loop(std::size_t index) const { return loops_.at(index); }

  [[nodiscard]] const std::vector<std::shared_ptr<response_counters>>& loops() const noexcept { return loops_; }

private:
  std::vector<std::shared_ptr<response_counters>> loops_;
};

/// Registers the requests of the protocol "rest".
void register_rest_metrics(core::metric_registry& registry, std::shared_ptr<const rest_metrics> metrics);

} // namespace cm::http
