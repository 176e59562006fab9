#include "http/rest/rest_metrics.hpp"

#include "core/observability/shared_families.hpp"
#include "http/rest/routes.hpp"

#include <utility>

namespace cm::http {

rest_metrics::rest_metrics(std::size_t loops) {
  for (std::size_t i = 0; i < loops; ++i)
    loops_.push_back(std::make_shared<response_counters>(api_route_count));
}

void register_rest_metrics(core::metric_registry& registry, std::shared_ptr<const rest_metrics> metrics) {
  core::add_requests(registry, "rest", core::counted_statuses.size(),
                     [metrics = std::move(metrics)](std::size_t status_index) {
                       core::duration_counts out;
                       for (const auto& loop : metrics->loops())
                         loop->add_to(status_index, out);
                       return out;
                     });
}

} // namespace cm::http
