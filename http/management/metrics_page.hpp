// The answers of /prometheus and /metrics (contract 7.2, 7.3).
#pragma once

#include "http/management/metric_families.hpp"
#include "http/server/response.hpp"

#include <string>
#include <string_view>

namespace cm::http {

/// The text format of Prometheus, version 0.0.4.
[[nodiscard]] response render_prometheus(const metrics_source& from);

/// One flat JSON object of numbers. The names of Spring Boot 1.5 where CM has the like, then those of /prometheus with
/// dots: "cm.requests.total.ep-token.200".
[[nodiscard]] response render_metrics(const metrics_source& from);

/// The path template as Spring Boot 1.5 has it in the names of metrics: "api.v1.endpoints.endpointId.tokens".
[[nodiscard]] std::string metric_name_of(std::string_view path_template);

} // namespace cm::http
