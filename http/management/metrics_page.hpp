// The responses of /prometheus and /metrics (contract sections 7.2 and 7.3).
#pragma once

#include "http/management/metrics_source.hpp"
#include "http/server/response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

/// The text format of Prometheus, version 0.0.4.
[[nodiscard]] response render_prometheus(const metrics_source& from);

/// One flat JSON object of numbers: first the metrics of Spring Boot 1.5 that apply to CM, under Spring's names, then
/// those of /prometheus with dots and label values in the name: "cm.requests.total.ep-token.200".
[[nodiscard]] response render_metrics(const metrics_source& from);

/// Those members of render_metrics() that `name` selects: the one of that name, or, as in Spring Boot 1.5, all that
/// match it if it is a pattern of Java's: `gauge.response.*`. Supported patterns have `.*` for any text, `.` for any
/// character, and `^` and `$` at the ends.
/// @return nullopt if `name` is not a pattern and there is no such metric
[[nodiscard]] std::optional<response> render_metric(const metrics_source& from, std::string_view name);

/// A path template in the form of Spring Boot 1.5's metric names: "api.v1.endpoints.endpointId.tokens".
[[nodiscard]] std::string metric_name_of(std::string_view path_template);

} // namespace cm::http
