#include "http/management/prometheus_families.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <variant>

namespace cm::http {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricType type_of(core::metric_type type) noexcept {
  switch (type) {
  case core::metric_type::counter:
    return MetricType::Counter;
  case core::metric_type::gauge:
    return MetricType::Gauge;
  case core::metric_type::histogram:
    break;
  }
  return MetricType::Histogram;
}

ClientMetric::Histogram histogram_of(const core::duration_counts& durations) {
  ClientMetric::Histogram out;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < core::duration_counts::bounds.size(); ++i) {
    so_far += durations.counts[i];
    out.bucket.push_back({so_far, std::chrono::duration<double>(core::duration_counts::bounds[i]).count()});
  }
  out.sample_count = so_far + durations.counts.back();
  out.sample_sum = static_cast<double>(durations.sum_ns) / 1e9;
  return out;
}

ClientMetric metric_of(const core::metric_sample& sample, core::metric_type type) {
  ClientMetric out;
  for (const auto& label : sample.labels)
    out.label.push_back({label.name, label.value});
  std::visit(
    [&](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, core::duration_counts>)
        out.histogram = histogram_of(value);
      else
        (type == core::metric_type::counter ? out.counter.value : out.gauge.value) = static_cast<double>(value);
    },
    sample.value);
  return out;
}

} // namespace

std::vector<MetricFamily> prometheus_families(const std::vector<core::collected_family>& families) {
  std::vector<MetricFamily> out;
  out.reserve(families.size());
  for (const auto& [family, samples] : families) {
    auto& converted = out.emplace_back(MetricFamily{family.name, family.help, type_of(family.type), {}});
    for (const auto& sample : samples)
      converted.metric.push_back(metric_of(sample, family.type));
  }
  return out;
}

} // namespace cm::http
